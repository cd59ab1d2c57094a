import type { Btf, BtfTypeId } from '../btf/btf-model';
import type { Elf, ElfSection } from '../elf/elf';
import { ObjectError } from '../elf/object-error';

const MAX_VARIABLES = 1024;

/** One variable of a data section with its position. */
export interface Variable {
  readonly id: BtfTypeId;
  readonly name: string;
  readonly type: BtfTypeId;
  /** VAR linkage: 0 static, 1 global, 2 extern (BTF_VAR_*). */
  readonly linkage: number;
  readonly section: ElfSection;
  readonly offset: number;
  readonly size: number;
}

/**
 * Variables of every DATASEC whose name is wanted. Clang leaves the offsets 0 and writes symbols instead, a static linker
 * fills them in (tools/lib/bpf/libbpf.c, btf_fixup_datasec): a symbol takes precedence.
 */
export function readVariables(elf: Elf, btf: Btf, wanted: (section: string) => boolean): Variable[] {
  const variables: Variable[] = [];
  const places = new Map<string, number>();
  for (const symbol of elf.symbols) {
    if (symbol.name !== '') places.set(`${symbol.section}:${symbol.name}`, symbol.value);
  }
  for (const sectionId of btf.ids('datasec')) {
    const datasec = btf.type(sectionId);
    if (datasec.kind !== 'datasec' || !wanted(datasec.name)) continue;
    const section = elf.section(datasec.name);
    if (!section) continue;
    for (const entry of datasec.variables) {
      const variable = btf.type(entry.type);
      if (variable.kind !== 'var') continue;
      const offset = places.get(`${section.index}:${variable.name}`) ?? entry.offset;
      const size = entry.size || btf.sizeOf(variable.type);
      if (offset + size > section.size) continue;
      if (variables.length >= MAX_VARIABLES) {
        throw new ObjectError('unsupported', `The object has more than ${MAX_VARIABLES} global variables.`);
      }
      variables.push({
        id: entry.type,
        name: variable.name,
        type: variable.type,
        linkage: variable.linkage,
        section,
        offset,
        size,
      });
    }
  }
  return variables;
}

/** `.rodata` and `.rodata.x` as in libbpf, without the compiler's string and constant pools. */
export function isReadOnlyData(section: string): boolean {
  return /^\.rodata(?!\.(str|cst)\d)(\.|$)/.test(section);
}

export function isWritableData(section: string): boolean {
  return /^\.(data|bss)(\.|$)/.test(section);
}
