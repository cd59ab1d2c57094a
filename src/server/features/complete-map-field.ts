/** Completion inside __uint(), __type() and the like. */
import { type CompletionItem, CompletionItemKind, InsertTextFormat } from 'vscode-languageserver/node';
import type { Token } from '../../shared/c/lexer';
import type { Analysis } from '../analysis/analysis';
import { MAP_FIELD_KINDS, MAP_FLAGS, MAP_KINDS } from '../helpers/map-kinds';
import { isMapField } from '../source/attributes';
import type { EnclosingCall } from '../source/cursor';
import { completeTypes } from './complete-types';

const SIZES: readonly (readonly [string, string])[] = [
  ['256 * 1024', '256 KiB of ring buffer'],
  ['1024 * 1024', '1 MiB of ring buffer'],
  ['10240', 'entries'],
  ['1', 'entry'],
];

export function completeMapField(
  analysis: Analysis,
  call: EnclosingCall,
  tokens: readonly Token[],
  written: string,
): CompletionItem[] {
  if (call.argument === 0)
    return MAP_FIELD_KINDS.filter(field => field.macro === call.name).map((field, index) => ({
      label: field.name,
      kind: CompletionItemKind.Property,
      detail: field.description,
      sortText: String(index).padStart(2, '0'),
    }));
  const field = tokens[call.openIndex + 1]?.text;
  if (call.name === '__type') {
    const structs = analysis.source.aggregates
      .filter(one => one.kind !== 'enum' && one.name !== '')
      .map(one => ({
        label: `${one.kind} ${one.name}`,
        kind: CompletionItemKind.Struct,
        sortText: `0${one.name}`,
      }));
    return [...structs, ...completeTypes(analysis, written || '_')];
  }
  switch (field) {
    case 'type':
      return MAP_KINDS.map((kind, index) => ({
        label: kind.name,
        kind: CompletionItemKind.EnumMember,
        detail: kind.description,
        sortText: String(index).padStart(2, '0'),
      }));
    case 'map_flags':
      return MAP_FLAGS.map(([label, detail]) => ({ label, detail, kind: CompletionItemKind.EnumMember }));
    case 'pinning':
      return ['LIBBPF_PIN_BY_NAME', 'LIBBPF_PIN_NONE'].map(label => ({
        label,
        kind: CompletionItemKind.EnumMember,
      }));
    case 'max_entries':
      return [
        ...SIZES.map(([label, detail]) => ({ label, detail, kind: CompletionItemKind.Value })),
        ...analysis.source.macros
          .filter(macro => macro.parameters === null && macro.body !== '')
          .map(macro => ({ label: macro.name, detail: macro.body, kind: CompletionItemKind.Constant })),
      ];
    default:
      return [];
  }
}

/** The most common value of each field, as a snippet. */
const VALUES: Readonly<Record<string, string>> = {
  type: 'BPF_MAP_TYPE_$1',
  map_flags: 'BPF_F_$1',
  pinning: 'LIBBPF_PIN_BY_NAME',
};

/**
 * Fields that the map definition around tokens[before] lacks; null if no map is defined there: in a struct with a tag,
 * or with ordinary members.
 */
export function missingMapFields(tokens: readonly Token[], before: number): CompletionItem[] | null {
  let open = before;
  for (let depth = 0; open >= 0; open--) {
    const token = tokens[open];
    if (token?.kind !== 'mark') continue;
    if (token.text === '}') depth++;
    else if (token.text === '{' && depth-- === 0) break;
  }
  const inside = tokens.slice(open + 1, before + 1);
  const has = (name: string) =>
    inside.some((token, index) => token.text === name && isMapField(inside[index - 2]?.text ?? ''));
  const isAnonymous = tokens[open - 1]?.text === 'struct';
  const isMap = MAP_FIELD_KINDS.some(field => has(field.name));
  if (open < 0 || !(isMap || (isAnonymous && inside.length === 0))) return null;
  return MAP_FIELD_KINDS.filter(field => !has(field.name)).map((field, index) => ({
    label: `${field.macro}(${field.name}, …);`,
    filterText: `${field.macro} ${field.name}`,
    kind: CompletionItemKind.Property,
    detail: field.description,
    sortText: `0${String(index).padStart(2, '0')}`,
    insertText: `${field.macro}(${field.name}, ${VALUES[field.name] ?? '$1'});$0`,
    insertTextFormat: InsertTextFormat.Snippet,
    command: { title: 'Suggest', command: 'editor.action.triggerSuggest' },
  }));
}
