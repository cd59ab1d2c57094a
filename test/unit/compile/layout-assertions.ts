import { identifier, vmlinuxNames } from '../../../src/compile/vmlinux-names';
import type { Btf, BtfTypeId } from '../../../src/shared/btf/btf-model';

/**
 * C that does not compile unless every named struct, union and enum, every typedef and every member C can name has the
 * size and the offset the BTF says, and every enumerator its value. Bit fields are left out: offsetof is not for them
 * (see flattenMembers).
 */
export function layoutAssertions(
  btf: Btf,
  only: ReadonlySet<BtfTypeId> | null = null,
): { source: string; count: number } {
  const names = vmlinuxNames(btf);
  const lines: string[] = [];
  for (const kind of ['struct', 'union'] as const) {
    for (const id of btf.ids(kind)) {
      if (btf.name(id) === '' || (only && !only.has(id))) continue;
      const tag = `${kind} ${names.nameOf(id)}`;
      lines.push(`_Static_assert(sizeof(${tag}) == ${btf.sizeOf(id)}, "${tag}");`);
      for (const { path, bitOffset, bitSize } of flattenMembers(btf, id)) {
        if (bitSize > 0) continue;
        lines.push(
          `_Static_assert(__builtin_offsetof(${tag}, ${path}) == ${bitOffset / 8}, "${tag}.${path}");`,
        );
      }
    }
  }
  for (const id of btf.ids('enum')) {
    const type = btf.type(id);
    if (type.kind !== 'enum' || type.values.length === 0 || (only && !only.has(id))) continue;
    if (type.name !== '')
      lines.push(`_Static_assert(sizeof(enum ${names.nameOf(id)}) == ${type.size}, "enum ${type.name}");`);
    const inC = names.enumeratorNames(id);
    type.values.forEach(({ name, value }, index) => {
      // Before LLVM 15 BTF did not say whether an enum is signed: its 32 bits are all there is to compare.
      const bits = type.is64 ? 64 : 32;
      const inType = bits === 64 ? 'unsigned long long' : 'unsigned int';
      const wide = BigInt.asUintN(bits, value);
      lines.push(`_Static_assert((${inType})${inC[index]} == ${wide}ULL, "${name}");`);
    });
  }
  for (const id of btf.ids('typedef')) {
    const size = btf.sizeOf(id);
    if (size === 0 || only) continue;
    lines.push(`_Static_assert(sizeof(${names.nameOf(id)}) == ${size}, "typedef ${btf.name(id)}");`);
  }
  return { source: `${lines.join('\n')}\n`, count: lines.length };
}

export interface FlatMember {
  /** Dotted, without the unnamed structs and unions in between, as C says it. */
  readonly path: string;
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly sizeBytes: number;
}

/** All members down to named types: through unnamed structs and unions, and struct-typed members without a type name. */
export function flattenMembers(btf: Btf, id: BtfTypeId, prefix = '', base = 0): FlatMember[] {
  const type = btf.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union') return [];
  return type.members.flatMap(member => {
    const at = base + member.bitOffset;
    const target = btf.type(btf.resolve(member.type));
    const unnamed = (target.kind === 'struct' || target.kind === 'union') && target.name === '';
    const path = prefix + identifier(member.name);
    const own: FlatMember[] =
      member.name === ''
        ? []
        : [{ path, bitOffset: at, bitSize: member.bitSize, sizeBytes: btf.sizeOf(member.type) }];
    return unnamed
      ? [
          ...own,
          ...flattenMembers(btf, btf.resolve(member.type), member.name === '' ? prefix : `${path}.`, at),
        ]
      : own;
  });
}
