/** BTF types in C syntax. */
import type { Btf, BtfTypeId } from '../../shared/btf/btf-model';

const MAX_DEPTH = 32;

/** `name` declared with the type: "struct file *file", "char comm[16]", "int (*fn)(void)". With an empty name, the type alone. */
export function declaration(btf: Btf, id: BtfTypeId, name: string, depth = 0): string {
  const space = name === '' || name.startsWith('[') || name.startsWith('(') ? '' : ' ';
  if (depth > MAX_DEPTH) return `void${space}${name}`;
  const type = btf.type(id);
  switch (type.kind) {
    case 'void':
      return `void${space}${name}`;
    case 'int':
    case 'float':
    case 'typedef':
      return `${type.name}${space}${name}`;
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.name === '' ? '{…}' : type.name}${space}${name}`;
    case 'fwd':
      return `${type.union ? 'union' : 'struct'} ${type.name}${space}${name}`;
    case 'ptr': {
      const target = btf.kind(skipTags(btf, type.type));
      const inner = target === 'array' || target === 'func_proto' ? `(*${name})` : `*${name}`;
      return declaration(btf, type.type, inner, depth + 1);
    }
    case 'array':
      return declaration(btf, type.type, `${name}[${type.count}]`, depth + 1);
    case 'const':
    case 'volatile':
    case 'restrict': {
      // On a pointer the qualifier belongs after the star, where a signature does not need it.
      if (btf.kind(type.type) === 'ptr' || type.kind === 'restrict')
        return declaration(btf, type.type, name, depth + 1);
      return `${type.kind} ${declaration(btf, type.type, name, depth + 1)}`;
    }
    case 'type_tag':
      return declaration(btf, type.type, name, depth + 1);
    case 'func_proto':
      return `${declaration(btf, type.returnType, '', depth + 1)} ${name}(${parameterList(btf, id)})`;
    default:
      return name;
  }
}

function skipTags(btf: Btf, id: BtfTypeId): BtfTypeId {
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.type(at);
    if (type.kind !== 'type_tag' && type.kind !== 'const' && type.kind !== 'volatile') return at;
    at = type.type;
  }
  return at;
}

/** "struct file *file, size_t count" of a FUNC_PROTO. */
function parameterList(btf: Btf, proto: BtfTypeId): string {
  const type = btf.type(proto);
  if (type.kind !== 'func_proto') return '';
  if (type.parameters.length === 0) return 'void';
  return type.parameters
    .map(parameter => (parameter.type === 0 ? '...' : declaration(btf, parameter.type, parameter.name)))
    .join(', ');
}

export interface LayoutRow {
  /** Bytes from the start of the outermost struct; null for the brace that closes an anonymous member. */
  readonly offset: number | null;
  readonly size: number;
  readonly bitSize: number;
  readonly text: string;
  readonly depth: number;
}

/** The members of a struct in memory order, anonymous ones expanded; at most `limit` rows. */
export function layoutRows(btf: Btf, id: BtfTypeId, limit: number): { rows: LayoutRow[]; more: number } {
  const rows: LayoutRow[] = [];
  let more = 0;
  const visit = (typeId: BtfTypeId, base: number, depth: number) => {
    const type = btf.type(btf.resolve(typeId));
    if (type.kind !== 'struct' && type.kind !== 'union') return;
    for (const member of type.members) {
      const offset = base + Math.floor(member.bitOffset / 8);
      if (rows.length >= limit) {
        more++;
        continue;
      }
      const target = btf.type(btf.resolve(member.type));
      const isAnonymous =
        member.name === '' && (target.kind === 'struct' || target.kind === 'union') && depth < MAX_DEPTH;
      rows.push({
        offset,
        size: btf.sizeOf(member.type),
        bitSize: member.bitSize,
        text: isAnonymous
          ? `${target.kind} {`
          : `${declaration(btf, member.type, member.name)}${member.bitSize > 0 ? ` : ${member.bitSize}` : ''};`,
        depth,
      });
      if (!isAnonymous) continue;
      visit(member.type, offset, depth + 1);
      rows.push({ offset: null, size: 0, bitSize: 0, text: '};', depth });
    }
  };
  visit(id, 0, 0);
  return { rows, more };
}
