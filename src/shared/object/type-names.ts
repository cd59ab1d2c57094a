import type { Btf, BtfTypeId } from '../btf/btf-model';

/** Qualifiers and typedefs around a type, of hostile objects. */
const MAX_DEPTH = 16;

/** The type in C notation: "struct event", "bpfw_pid", "unsigned int". */
export function cName(btf: Btf, typeId: BtfTypeId): string {
  let id = typeId;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.type(id);
    switch (type.kind) {
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        id = type.type;
        continue;
      case 'struct':
      case 'union':
      case 'enum':
        return type.name === '' ? type.kind : `${type.kind} ${type.name}`;
      case 'fwd':
        return `${type.union ? 'union' : 'struct'} ${type.name}`;
      case 'ptr':
        return `${cName(btf, type.type)} *`;
      case 'array':
        return `${cName(btf, type.type)}[${type.count}]`;
      case 'void':
        return 'void';
      case 'func_proto':
        return 'function';
      default:
        return 'name' in type ? type.name : type.kind;
    }
  }
  return '';
}

/** Typedef names, outermost first. */
export function typedefsOf(btf: Btf, typeId: BtfTypeId): string[] {
  const names: string[] = [];
  let id = typeId;
  for (let depth = 0; depth < 2 * MAX_DEPTH; depth++) {
    const type = btf.type(id);
    if (type.kind === 'typedef') names.push(type.name);
    else if (
      type.kind !== 'const' &&
      type.kind !== 'volatile' &&
      type.kind !== 'restrict' &&
      type.kind !== 'type_tag'
    )
      break;
    id = type.type;
  }
  return names;
}
