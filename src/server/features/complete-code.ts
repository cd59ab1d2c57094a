/** Completion in a function's body and at file level: helpers, kfuncs, macros, maps, skeletons. */
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Analysis } from '../analysis';
import { type Helper, helperPrototype, parameterName } from '../helpers/helper-defs';
import { whyNotCallable } from '../helpers/helper-rules';
import { LIBBPF_MACROS } from '../helpers/libbpf-macros';
import type { Scope } from '../source/expressions';
import type { Token } from '../source/lexer';
import type { SectionMark } from '../source/model';
import { macroDocumentation } from './header-docs';
import { programSkeleton } from './program-skeleton';

/** In a body; `afterAmpersand`: an address is wanted, so maps come first. */
export function completeCode(
  analysis: Analysis,
  scope: Scope,
  written: string,
  offset: number,
  afterAmpersand: boolean,
): CompletionList {
  const items: CompletionItem[] = [];
  const seen = new Set<string>();
  const add = (item: CompletionItem) => {
    if (seen.has(item.label)) return;
    seen.add(item.label);
    items.push(item);
  };
  for (const local of scope.localNames)
    add({
      label: local.name,
      kind: CompletionItemKind.Variable,
      sortText: `1${local.name}`,
      detail: local.type.name,
    });
  for (const map of analysis.source.maps)
    add({
      label: map.name,
      kind: CompletionItemKind.Struct,
      sortText: `${afterAmpersand ? 0 : 2}${map.name}`,
      detail: 'map',
    });
  for (const variable of analysis.source.variables)
    if (variable.section?.name !== 'license')
      add({
        label: variable.name,
        kind: CompletionItemKind.Variable,
        sortText: `3${variable.name}`,
        detail: analysis.types.write({ from: 'source', type: variable.type }),
      });
  if (!afterAmpersand) {
    for (const one of analysis.source.model.functions)
      if (!one.section)
        add({
          label: one.name,
          kind: CompletionItemKind.Function,
          sortText: `3${one.name}`,
          detail: one.returnType,
        });
    for (const item of helperItems(analysis, offset)) add(item);
    for (const item of macroItems(analysis)) add(item);
    for (const item of kfuncItems(analysis, written)) add(item);
  }
  return { isIncomplete: false, items };
}

/** Helpers that every program which runs the code may call and that the target kernel has. */
function helperItems(analysis: Analysis, offset: number): CompletionItem[] {
  const kinds = [...analysis.kindsAt(offset)];
  const types = analysis.kernel?.types;
  const items: CompletionItem[] = [];
  for (const helper of analysis.helpers.values()) {
    if (kinds.some(kind => whyNotCallable(helper.name, kind) !== null)) continue;
    if (types?.hasHelper(helper.name) === false) continue;
    items.push({
      label: helper.name,
      kind: CompletionItemKind.Function,
      detail: helperPrototype(helper),
      sortText: `4${helper.name}`,
      insertText: callSnippet(helper),
      insertTextFormat: InsertTextFormat.Snippet,
      data: { helper: helper.name },
    });
  }
  return items;
}

/** bpf_map_lookup_elem(&${1:map}, &${2:key}) */
function callSnippet(helper: Helper): string {
  const list = helper.parameters.map((parameter, index) => {
    const name = parameterName(parameter);
    const isAddress = name === 'map' || name === 'ringbuf' || (name === 'key' && parameter.includes('*'));
    return `${isAddress ? '&' : ''}\${${index + 1}:${name}}`;
  });
  return `${helper.name}(${list.join(', ')})$0`;
}

function macroItems(analysis: Analysis): CompletionItem[] {
  const libbpf = LIBBPF_MACROS.map(macro => ({
    label: macro.name,
    kind: CompletionItemKind.Function,
    detail: macro.description,
    sortText: `4${macro.name}`,
    insertText: macro.snippet,
    insertTextFormat: InsertTextFormat.Snippet,
  }));
  const own = analysis.source.macros
    .filter(macro => !macro.name.startsWith('__'))
    .map(macro => ({
      label: macro.name,
      kind: macro.parameters ? CompletionItemKind.Function : CompletionItemKind.Constant,
      detail: macro.parameters ? `${macro.name}(${macro.parameters.join(', ')})` : macro.body,
      sortText: `3${macro.name}`,
    }));
  const functions = analysis.source.headers.flatMap(header =>
    header.model.functions.map(one => ({
      label: one.name,
      kind: CompletionItemKind.Function,
      detail: `${one.returnType.replace(/^static |__always_inline /g, '')} (${one.parameters.map(parameter => parameter.name).join(', ')})`,
      sortText: `3${one.name}`,
    })),
  );
  return [...libbpf, ...own, ...functions];
}

function kfuncItems(analysis: Analysis, written: string): CompletionItem[] {
  const types = analysis.kernel?.types;
  if (!types || written === '') return [];
  return types.kfuncs.map(name => ({
    label: name,
    kind: CompletionItemKind.Function,
    detail: 'kernel function for BPF (kfunc)',
    sortText: `6${name}`,
    data: { kfunc: name },
  }));
}

/** At file level: the program for the section just written, definitions, our header's attributes. */
export function completeFileLevel(
  analysis: Analysis,
  document: TextDocument,
  section: SectionMark | null,
  word: Token | null,
  offset: number,
): CompletionItem[] {
  const items: CompletionItem[] = [];
  const skeleton = section && programSkeleton(section.name, analysis.kernel?.types ?? null);
  if (section && skeleton) {
    const lineStart = document.getText().lastIndexOf('\n', offset - 1) + 1;
    const from = Math.max(lineStart, section.span.end);
    const head = document.getText().slice(from, offset);
    const range = {
      start: document.positionAt(from + (head.length - head.trimStart().length)),
      end: document.positionAt(offset),
    };
    const label = skeleton
      .replace(/\n[\s\S]*$/, '')
      .replace(/\$\{\d+:([^}]*)\}/g, '$1')
      .replace(/\\/g, '');
    items.push({
      label,
      kind: CompletionItemKind.Snippet,
      detail: `Program for SEC("${section.name}")`,
      preselect: true,
      sortText: '0',
      filterText: `${head.trimStart()} ${label}`,
      textEdit: { range, newText: skeleton },
      insertTextFormat: InsertTextFormat.Snippet,
    });
  }
  items.push({
    label: 'SEC',
    kind: CompletionItemKind.Keyword,
    detail: 'Section: what follows is a program, a map, the license',
    sortText: '1',
    insertText: 'SEC("$1")$0',
    insertTextFormat: InsertTextFormat.Snippet,
    command: { title: 'Suggest', command: 'editor.action.triggerSuggest' },
  });
  for (const header of analysis.source.headers) {
    for (const macro of header.model.macros.values()) {
      if (macro.name.startsWith('__')) continue;
      const parameters = macro.parameters?.map((name, index) => `\${${index + 1}:${name}}`).join(', ');
      items.push({
        label: macro.name,
        kind: macro.parameters ? CompletionItemKind.Function : CompletionItemKind.Constant,
        sortText: `3${macro.name}`,
        ...(macro.parameters
          ? { insertText: `${macro.name}(${parameters})`, insertTextFormat: InsertTextFormat.Snippet }
          : {}),
        documentation: { kind: 'markdown', value: macroDocumentation(header, macro) },
      });
    }
  }
  if (word === null) return items;
  return items;
}
