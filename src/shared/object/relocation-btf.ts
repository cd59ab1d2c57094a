/**
 * Extracts the part of a kernel's BTF that the CO-RE relocations of a program need. Given this part
 * (bpf_object_open_opts.btf_custom_path), libbpf does not read all of it, which takes most of the time of loading a small
 * program.
 */
import { essentialName } from '../btf/btf';
import type { Btf, BtfType, BtfTypeId } from '../btf/btf-model';
import { BtfWriter } from '../btf/btf-writer';
import type { BpfObject, Program } from './model';

/** enum bpf_core_relo_kind (include/uapi/linux/bpf.h). */
const LAST_FIELD_KIND = 5;
const TYPE_ID_LOCAL = 6;
const TYPE_EXISTS = 8;
const TYPE_SIZE = 9;
const ENUM_VALUE_EXISTS = 10;
const ENUM_VALUE = 11;

/** Types for which existence and size do not depend on the types they point to. */
const PLAIN: ReadonlySet<BtfType['kind']> = new Set(['struct', 'union', 'enum']);

/**
 * The types of `kernel` that libbpf considers for the relocations of these programs, as a separate table. Null when libbpf
 * needs the kernel's full table: for a relocation that needs more than names, members and values, or for a type that the
 * kernel does not have, which may be in a module. Throws ObjectError 'bad-btf'.
 */
export function relocationBtf(
  object: Pick<BpfObject, 'btf' | 'relocations'>,
  programs: readonly Pick<Program, 'section'>[],
  kernel: Btf,
): Uint8Array | null {
  const { btf, relocations } = object;
  if (!btf || !relocations) return null;
  // Shared functions are in .text.
  const sections = new Set(['.text', ...programs.map(program => program.section)]);
  const roots = new Set<BtfTypeId>();
  for (const [section, asked] of relocations) {
    // "?" means not loaded by default, but these programs were selected.
    if (!sections.has(section.replace(/^\?/, ''))) continue;
    for (const { type, kind } of asked) {
      if (kind === TYPE_ID_LOCAL) continue;
      if (!isAnswerable(kind, btf.kind(type))) return null;
      roots.add(type);
    }
  }
  if (roots.size === 0) return null;
  const wanted = [...roots].map(id => ({ kind: btf.kind(id), name: essentialName(btf.name(id)) }));
  const writer = new BtfWriter(kernel);
  for (const candidates of kernel.flavours(wanted)) {
    if (candidates.length === 0) return null;
    for (const candidate of candidates) writer.add(candidate);
  }
  return writer.finish();
}

function isAnswerable(relocationKind: number, typeKind: BtfType['kind']): boolean {
  if (relocationKind <= LAST_FIELD_KIND) return true;
  switch (relocationKind) {
    case TYPE_EXISTS:
    case TYPE_SIZE:
    case ENUM_VALUE_EXISTS:
    case ENUM_VALUE:
      return PLAIN.has(typeKind);
    default:
      return false;
  }
}
