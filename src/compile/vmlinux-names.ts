import type { Btf, BtfTypeId } from '../shared/object/btf-model';

/**
 * The C names a header gives to BTF types. C has one name space for tags and one for typedefs and enumerators; a kernel
 * has duplicates in both (static types of different files). The first by id keeps the name, complete types before
 * forward declarations; later ones get ___2, ___3 …, which CO-RE ignores when it matches names (libbpf,
 * bpf_core_essential_name_len).
 */
export interface VmlinuxNames {
  /** Ids of structs, unions and enums of that name in the order of their suffixes; forward declarations only if nothing is complete. */
  tags(name: string): readonly BtfTypeId[];
  typedefs(name: string): readonly BtfTypeId[];
  /** The enums with an enumerator of that name. */
  enumerators(name: string): readonly BtfTypeId[];
  /** Any of the three. */
  has(name: string): boolean;
  /** The name in C of a named struct, union, enum, forward declaration or typedef. */
  nameOf(id: BtfTypeId): string;
  enumeratorNames(id: BtfTypeId): readonly string[];
}

interface Ranked {
  readonly ids: BtfTypeId[];
}

/** Typedefs that clang itself declares; a header cannot define them again. */
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
  const tags = new Map<string, Ranked>();
  const forwards = new Map<string, BtfTypeId[]>();
  const typedefs = new Map<string, Ranked>();
  const enumerators = new Map<string, Ranked>();
  const enumeratorsOf = new Map<BtfTypeId, readonly string[]>();
  const suffixes = new Map<BtfTypeId, number>();

  for (const id of btf.ids('typedef')) rank(typedefs, suffixes, btf.name(id), id);
  const tagIds = [...btf.ids('struct'), ...btf.ids('union'), ...btf.ids('enum')].sort((a, b) => a - b);
  const memberNames = new Map<string, number>();
  for (const id of tagIds) {
    const name = btf.name(id);
    const type = btf.kind(id) === 'enum' ? btf.type(id) : null;
    if (type?.kind === 'enum') {
      const names: string[] = [];
      for (const value of type.values) {
        const list = enumerators.get(value.name);
        if (list) list.ids.push(id);
        else enumerators.set(value.name, { ids: [id] });
        // Typedefs come first in the shared name space.
        const uses = (memberNames.get(value.name) ?? typedefs.get(value.name)?.ids.length ?? 0) + 1;
        memberNames.set(value.name, uses);
        names.push(suffixed(identifier(value.name), uses));
      }
      enumeratorsOf.set(id, names);
      if (name !== '' && type.values.length === 0) {
        push(forwards, name, id);
        continue;
      }
    }
    if (name !== '') rank(tags, suffixes, name, id);
  }
  for (const id of btf.ids('fwd')) push(forwards, btf.name(id), id);
  for (const [name, ids] of forwards) {
    for (const id of ids) {
      const complete = tags.get(name)?.ids.find(other => keyword(btf, other) === keyword(btf, id));
      if (complete === undefined) rank(tags, suffixes, name, id);
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
    enumeratorNames: id => enumeratorsOf.get(id) ?? [],
  };
}

/** "struct", "union" or "enum". */
export function keyword(btf: Btf, id: BtfTypeId): 'struct' | 'union' | 'enum' {
  const kind = btf.kind(id);
  if (kind === 'struct' || kind === 'union' || kind === 'enum') return kind;
  const type = btf.type(id);
  return type.kind === 'fwd' && type.union ? 'union' : 'struct';
}

/** `foo` names every duplicate, `foo___2` the second. */
function lookUp(index: ReadonlyMap<string, Ranked>, name: string): readonly BtfTypeId[] {
  const direct = index.get(name)?.ids;
  if (direct) return direct;
  const suffix = /^(.+)___(\d+)$/.exec(name);
  const id = suffix ? index.get(suffix[1] ?? '')?.ids[Number(suffix[2]) - 1] : undefined;
  return id === undefined ? [] : [id];
}

function rank(
  index: Map<string, Ranked>,
  suffixes: Map<BtfTypeId, number>,
  name: string,
  id: BtfTypeId,
): void {
  const entry = index.get(name);
  if (entry) entry.ids.push(id);
  else index.set(name, { ids: [id] });
  suffixes.set(id, entry?.ids.length ?? 1);
}

function push(index: Map<string, BtfTypeId[]>, name: string, id: BtfTypeId): void {
  const list = index.get(name);
  if (list) list.push(id);
  else index.set(name, [id]);
}

function suffixed(name: string, nth: number): string {
  return nth === 1 ? name : `${name}___${nth}`;
}

/** A kernel with Rust in it has names that C has not. */
export function identifier(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_$]/g, '_');
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}
