/**
 * Arrays whose index is a constant of an enum: `calls[CALL_KINDS]` beside `enum call { CALL_READ, CALL_WRITE, CALL_KINDS }`.
 * Types do not connect them; the size and the names do, or BPFW_INDEX.
 */
import type { Btf } from '../btf/btf-model';
import { enumNames } from './enum-names';
import type { Field, MapDefinition, RecordLayout } from './model';

type Names = Readonly<Record<string, string>>;

/** Larger arrays have no enum; and the number of enums looked at, of hostile objects. */
const MOST_INDICES = 4096;
const MOST_ENUMS = 20_000;
/** Words that names of any enum and any array share. */
const COMMON_WORDS = new Set([
  'by',
  'of',
  'per',
  'the',
  'max',
  'num',
  'nr',
  'count',
  'total',
  'map',
  'array',
  'e',
]);

interface Candidate {
  readonly name: string;
  readonly names: Names;
  readonly words: ReadonlySet<string>;
}

export class IndexNames {
  private bySize: Map<number, Candidate[]> | null = null;

  /** `tables`: the object's types, of BTF and of DWARF; called when the first array is looked at. */
  constructor(private readonly tables: () => readonly Btf[]) {}

  /** The layout with the names of its arrays' indices; `variable` is the name of a single value. */
  named(layout: RecordLayout, variable: string, tagged: string | null = null): RecordLayout {
    if (!layout.fields.some(({ storage }) => storage === 'array')) return layout;
    const fields = layout.fields.map((field): Field => {
      if (field.storage !== 'array' || field.meaning === 'ksym' || field.meaning === 'usym') return field;
      const own = field.name === 'value' ? variable : field.name.slice(field.name.lastIndexOf('.') + 1);
      const indexNames = this.namesOf(own, field.count, field.indexedBy ?? tagged);
      return indexNames ? { ...field, indexNames } : field;
    });
    return { ...layout, fields };
  }

  /** A map with the names of its arrays' indices, and of its own keys if it is an array. */
  namedMap(map: MapDefinition, tagged: string | null): MapDefinition {
    const { view, entries } = map;
    const isArray = /^(percpu_)?array$/.test(map.typeName) && map.maxEntries > 1;
    const keys = isArray ? this.namesOf(map.name, map.maxEntries, tagged) : null;
    const part = <T extends { readonly key: RecordLayout; readonly value: RecordLayout }>(layouts: T): T => ({
      ...layouts,
      key: keys ? withKeys(layouts.key, keys) : layouts.key,
      value: this.named(layouts.value, map.name, isArray ? null : tagged),
    });
    return { ...map, view: view.kind === 'table' ? part(view) : view, entries: entries && part(entries) };
  }

  /** By the tag, or by the size and a word that both names share; null if no enum fits, or several do. */
  private namesOf(name: string, count: number, tagged: string | null): Names | null {
    if (count < 2 || count > MOST_INDICES) return null;
    const all = this.candidates().get(count) ?? [];
    const words = wordsOf(name);
    const fitting =
      tagged !== null
        ? all.filter(candidate => candidate.name === tagged.replace(/^enum\s+/, ''))
        : all.filter(candidate => [...words].some(word => candidate.words.has(word)));
    const [first] = fitting;
    return first && fitting.every(other => sameNames(first.names, other.names)) ? first.names : null;
  }

  private candidates(): Map<number, Candidate[]> {
    if (this.bySize) return this.bySize;
    this.bySize = new Map();
    let enums = 0;
    for (const table of this.tables()) {
      for (const id of table.ids('enum')) {
        if (++enums > MOST_ENUMS) break;
        const type = table.type(id);
        const all = enumNames(type);
        if (type.kind !== 'enum' || !all) continue;
        const count = Object.keys(all).length;
        if (count < 2 || count > MOST_INDICES || !isSequence(all, count)) continue;
        const words = new Set([
          ...wordsOf(type.name),
          ...wordsOf(commonStart(Object.values(all).slice(0, -1))),
        ]);
        // Without the last constant, which is the array's size, or with all of them.
        const { [String(count - 1)]: _, ...withoutLast } = all;
        for (const [size, names] of [
          [count - 1, withoutLast],
          [count, all],
        ] as const)
          this.bySize.set(size, [...(this.bySize.get(size) ?? []), { name: type.name, names, words }]);
      }
    }
    return this.bySize;
  }
}

function withKeys(layout: RecordLayout, valueNames: Names): RecordLayout {
  const [field, ...others] = layout.fields;
  if (!field || others.length > 0 || field.meaning !== 'plain') return layout;
  return {
    ...layout,
    fields: [{ ...field, meaning: 'enum', valueNames, why: 'an enum that fits the map’s name and size' }],
  };
}

function isSequence(names: Names, count: number): boolean {
  return Array.from({ length: count }, (_, value) => names[String(value)]).every(name => name !== undefined);
}

function sameNames(one: Names, other: Names): boolean {
  return Object.entries(one).every(([value, name]) => other[value] === name);
}

/** Singular, lower case: "calls_by_kind" is call and kind. */
function wordsOf(name: string): Set<string> {
  return new Set(
    name
      .toLowerCase()
      .split(/[^a-z]+/)
      .map(word => (word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.replace(/(?<=..)s$/, '')))
      .filter(word => word.length > 1 && !COMMON_WORDS.has(word)),
  );
}

/** "CALL_" of CALL_READ, CALL_WRITE. */
function commonStart(names: readonly string[]): string {
  const [first = '', ...others] = names;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, first.lastIndexOf('_', length - 1) + 1);
}
