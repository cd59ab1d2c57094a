import type { Btf } from '../../shared/btf/btf-model';
import type { BpfObject, Program } from '../../shared/object/model';
import { relocationBtf } from '../../shared/object/relocation-btf';
import { LIMITS } from '../../shared/protocol/tracer';

interface Known {
  readonly kernel: Btf;
  readonly sections: string;
  readonly bytes: Uint8Array | null;
}

/** An object is often started repeatedly on the same kernel, with the same programs. */
const last = new WeakMap<BpfObject, Known>();
const kernels = new WeakSet<Btf>();

/**
 * As relocationBtf, but caches the last answer for an object as long as the object lives. Returns null for the first
 * object on a kernel: libbpf reads the whole table (8 ms, Linux 6.1) as fast as code that was not compiled yet finds
 * the part; after that it takes 2 ms.
 */
export function relocationTypes(
  object: BpfObject,
  programs: readonly Program[],
  kernel: Btf,
): Uint8Array | null {
  if (!kernels.has(kernel)) {
    kernels.add(kernel);
    return null;
  }
  const sections = programs.map(({ section }) => section).join('\n');
  const known = last.get(object);
  if (known?.kernel === kernel && known.sections === sections) return known.bytes;
  const part = relocationBtf(object, programs, kernel);
  const bytes = part && part.byteLength <= LIMITS.relocationBtfBytes ? part : null;
  last.set(object, { kernel, sections, bytes });
  return bytes;
}
