/** Completion of types and members. */
import { type CompletionItem, CompletionItemKind, type CompletionList } from 'vscode-languageserver/node';
import type { Analysis } from '../analysis/analysis';
import type { CType, Types } from '../source/types';
import { matching } from './complete-section';

export function completeMembers(types: Types, type: CType): CompletionItem[] {
  return types.members(type).map((member, index) => ({
    label: member.name,
    kind: CompletionItemKind.Field,
    detail: member.text,
    sortText: String(index).padStart(4, '0'),
    ...(member.offset === null ? {} : { labelDetails: { description: `+${member.offset}` } }),
  }));
}

const sortedNames = new WeakMap<object, Map<string, readonly string[]>>();

/** After struct, union or enum: the tags of this file, then the kernel's. */
export function completeAggregates(analysis: Analysis, word: string, written: string): CompletionList {
  const own: CompletionItem[] = analysis.source.aggregates
    .filter(one => one.kind === word && one.name !== '')
    .map(one => ({
      label: one.name,
      kind: CompletionItemKind.Struct,
      sortText: `0${one.name}`,
      detail: 'this program',
    }));
  const types = analysis.kernel?.types;
  if (!types || (word !== 'struct' && word !== 'union' && word !== 'enum'))
    return { isIncomplete: false, items: own };
  let known = sortedNames.get(types);
  if (!known) {
    known = new Map();
    sortedNames.set(types, known);
  }
  let names = known.get(word);
  if (!names) {
    names = [...types.namesOf(word)].sort();
    known.set(word, names);
  }
  const { found, more } = matching(names, written);
  const items = found.map((name, index) => ({
    label: name,
    kind: word === 'enum' ? CompletionItemKind.Enum : CompletionItemKind.Struct,
    sortText: `1${String(index).padStart(4, '0')}`,
    detail: 'kernel',
  }));
  return { isIncomplete: more, items: [...own, ...items] };
}

const SCALARS = [
  '__u8',
  '__u16',
  '__u32',
  '__u64',
  '__s8',
  '__s16',
  '__s32',
  '__s64',
  'u8',
  'u16',
  'u32',
  'u64',
  's32',
  's64',
  'bool',
  'char',
  'int',
  'long',
  'void',
  'pid_t',
];

/** Names that are a type by themselves. */
export function completeTypes(analysis: Analysis, written: string): CompletionItem[] {
  if (written === '') return [];
  const names = new Set([...analysis.source.typedefNames, ...SCALARS]);
  return [...names].map(name => ({
    label: name,
    kind: CompletionItemKind.TypeParameter,
    sortText: `5${name}`,
  }));
}
