/**
 * The part of a kernel's type information that CO-RE relocations of a program ask about. libbpf given this part
 * (bpf_object_open_opts.btf_custom_path) does not read all of it, which is most of what loading a small program takes.
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

/** Types whose being there and size say nothing about what they point to. */
const PLAIN: ReadonlySet<BtfType['kind']> = new Set(['struct', 'union', 'enum']);

/**
 * The types of `kernel` that libbpf considers for the relocations of these programs, as a table of their own. Null where
 * it has to see the kernel's whole table: a question that goes beyond names, members and values, or a type that the
 * kernel does not have, which may be a module's. Throws ObjectError 'bad-btf'.
 */
export function relocationBtf(
  object: Pick<BpfObject, 'btf' | 'relocations'>,
  programs: readonly Pick<Program, 'section'>[],
  kernel: Btf,
): Uint8Array | null {
  const { btf, relocations } = object;
  if (!btf || !relocations) return null;
  // Functions that programs share lie in .text.
  const sections = new Set(['.text', ...programs.map(program => program.section)]);
  const roots = new Set<BtfTypeId>();
  for (const [section, asked] of relocations) {
    // "?": not loaded unless chosen, which these were.
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
