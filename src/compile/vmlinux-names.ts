import type { Btf, BtfTypeId } from '../shared/btf/btf-model';

/**
 * The C names of BTF types in a header. C has one name space for tags and one for typedefs and enumerators; a kernel
 * has duplicates in both (static types of different files). The type with the lowest id keeps the name, complete types
 * before forward declarations; later ones get ___2, ___3 …, which CO-RE ignores when it matches names (libbpf,
 * bpf_core_essential_name_len).
 */
export interface VmlinuxNames {
  /** Ids of structs, unions and enums of that name in the order of their suffixes; forward declarations only if none is complete. */
  tags(name: string): readonly BtfTypeId[];
  typedefs(name: string): readonly BtfTypeId[];
  /** The enums with an enumerator of that name. */
  enumerators(name: string): readonly BtfTypeId[];
  /** True if the name is any of the three. */
  has(name: string): boolean;
  /** The C name of a named struct, union, enum, forward declaration or typedef. */
  nameOf(id: BtfTypeId): string;
  enumeratorNames(id: BtfTypeId): readonly string[];
}

/** Nearly all names have one type, so those are stored without an array. */
type Index = Map<string, BtfTypeId | BtfTypeId[]>;

/** Typedefs built into clang; a header cannot define them again. */
const BUILTIN_TYPEDEFS: ReadonlySet<string> = new Set(['__builtin_va_list', '__builtin_ms_va_list']);

const known = new WeakMap<Btf, VmlinuxNames>();

/** The names for a whole table; computed once per table. */
export function vmlinuxNames(btf: Btf): VmlinuxNames {
  let names = known.get(btf);
  if (!names) {
    names = buildNames(btf);
    known.set(btf, names);
  }
  return names;
}

function buildNames(btf: Btf): VmlinuxNames {
  const tags: Index = new Map();
  const typedefs: Index = new Map();
  const enumerators: Index = new Map();
  const forwards = new Map<string, BtfTypeId[]>();
  /** Suffixes other than 1. */
  const suffixes = new Map<BtfTypeId, number>();
  const enumeratorSuffixes = new Map<BtfTypeId, Map<string, number>>();

  const rank = (index: Index, name: string, id: BtfTypeId): void => {
    const nth = add(index, name, id);
    if (nth > 1) suffixes.set(id, nth);
  };
  for (const id of btf.ids('typedef')) rank(typedefs, btf.name(id), id);
  const tagIds = [...btf.ids('struct'), ...btf.ids('union'), ...btf.ids('enum')].sort((a, b) => a - b);
  for (const id of tagIds) {
    const name = btf.name(id);
    const type = btf.kind(id) === 'enum' ? btf.type(id) : null;
    if (type?.kind === 'enum') {
      for (const value of type.values) {
        // Typedefs come first in their shared name space.
        const nth = add(enumerators, value.name, id) + lookUp(typedefs, value.name).length;
        if (nth === 1) continue;
        const own = enumeratorSuffixes.get(id) ?? new Map<string, number>();
        enumeratorSuffixes.set(id, own.set(value.name, nth));
      }
      if (name !== '' && type.values.length === 0) {
        push(forwards, name, id);
        continue;
      }
    }
    if (name !== '') rank(tags, name, id);
  }
  for (const id of btf.ids('fwd')) push(forwards, btf.name(id), id);
  for (const [name, ids] of forwards) {
    for (const id of ids) {
      const complete = lookUp(tags, name).find(other => keyword(btf, other) === keyword(btf, id));
      if (complete === undefined) rank(tags, name, id);
      else suffixes.set(id, suffixes.get(complete) ?? 1);
    }
  }

  return {
    tags: name => lookUp(tags, name),
    typedefs: name => lookUp(typedefs, name),
    enumerators: name => lookUp(enumerators, name),
    has: name => [tags, typedefs, enumerators].some(index => lookUp(index, name).length > 0),
    nameOf: id => {
      const name = btf.name(id);
      const safe = btf.kind(id) === 'typedef' && BUILTIN_TYPEDEFS.has(name) ? `${name}___kernel` : name;
      return suffixed(identifier(safe), suffixes.get(id) ?? 1);
    },
    enumeratorNames: id => {
      const type = btf.type(id);
      const own = enumeratorSuffixes.get(id);
      return type.kind === 'enum'
        ? type.values.map(({ name }) => suffixed(identifier(name), own?.get(name) ?? 1))
        : [];
    },
  };
}

export function keyword(btf: Btf, id: BtfTypeId): 'struct' | 'union' | 'enum' {
  const kind = btf.kind(id);
  if (kind === 'struct' || kind === 'union' || kind === 'enum') return kind;
  const type = btf.type(id);
  return type.kind === 'fwd' && type.union ? 'union' : 'struct';
}

/** `foo` names every duplicate, `foo___2` the second. */
function lookUp(index: Index, name: string): readonly BtfTypeId[] {
  const direct = index.get(name);
  if (direct !== undefined) return typeof direct === 'number' ? [direct] : direct;
  if (!name.includes('___')) return [];
  const suffix = /^(.+)___(\d+)$/.exec(name);
  const ids = suffix ? lookUp(index, suffix[1] ?? '') : [];
  const id = ids[Number(suffix?.[2]) - 1];
  return id === undefined ? [] : [id];
}

/** Returns how many types have this name so far. */
function add(index: Index, name: string, id: BtfTypeId): number {
  const before = index.get(name);
  if (before === undefined) {
    index.set(name, id);
    return 1;
  }
  const ids = typeof before === 'number' ? [before] : before;
  index.set(name, ids);
  return ids.push(id);
}

function push(index: Map<string, BtfTypeId[]>, name: string, id: BtfTypeId): void {
  const list = index.get(name);
  if (list) list.push(id);
  else index.set(name, [id]);
}

function suffixed(name: string, nth: number): string {
  return nth === 1 ? name : `${name}___${nth}`;
}

/** Kernels with Rust code have names that are not valid in C. */
export function identifier(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  const safe = name.replace(/[^A-Za-z0-9_$]/g, '_');
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}
