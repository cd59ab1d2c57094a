/** What a byte of a struct is: part of a member, or padding that no member covers. */
import type { Btf, BtfMember, BtfTypeId } from '../btf/btf-model';

/** Anonymous structs and unions in each other. */
const MAX_DEPTH = 16;

/**
 * "bytes 4 to 7 of `held` (padding between kind and lock)", "`held.lock` (bytes 8 to 15 of `held`)". Null for types that
 * are no struct, and for a byte outside it.
 */
export function describeByte(types: Btf, id: BtfTypeId, byte: number, variable: string): string | null {
  const type = types.type(types.resolve(id));
  if (type.kind !== 'struct' || byte < 0 || byte >= type.size) return null;
  const members = flatMembers(types, type.members, 0, 0);
  const inside = members.find(each => each.start <= byte && byte < each.end);
  if (inside) return `\`${variable}.${inside.name}\` (${bytes(inside.start, inside.end)} of \`${variable}\`)`;
  const before = members.filter(each => each.end <= byte).sort((a, b) => b.end - a.end)[0];
  const after = members.filter(each => each.start > byte).sort((a, b) => a.start - b.start)[0];
  const place =
    before && after
      ? `between ${before.name} and ${after.name}`
      : before
        ? `after ${before.name}`
        : `before ${after?.name ?? 'its end'}`;
  return `${bytes(before?.end ?? 0, after?.start ?? type.size)} of \`${variable}\` (padding ${place})`;
}

const bytes = (start: number, end: number): string =>
  end - start === 1 ? `byte ${start}` : `bytes ${start} to ${end - 1}`;

interface Placed {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Members of structs inside the struct stand for themselves: the padding may be theirs. */
function flatMembers(types: Btf, members: readonly BtfMember[], offset: number, depth: number): Placed[] {
  return members.flatMap(member => {
    const start = offset + Math.floor(member.bitOffset / 8);
    const type = types.type(types.resolve(member.type));
    if ((type.kind === 'struct' || type.kind === 'union') && depth < MAX_DEPTH)
      return flatMembers(types, type.members, start, depth + 1).map(each => ({
        ...each,
        name: member.name === '' ? each.name : `${member.name}.${each.name}`,
      }));
    const end =
      member.bitSize > 0
        ? offset + Math.ceil((member.bitOffset + member.bitSize) / 8)
        : start + types.sizeOf(member.type);
    return [{ name: member.name, start, end }];
  });
}
