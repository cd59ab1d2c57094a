/** Completion in a function's body and at file level: helpers, kfuncs, macros, maps, skeletons. */
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { whyNotAttachedThere } from '../../shared/bpf/attach-helpers';
import type { ParsedSection, SectionKind } from '../../shared/bpf/section-kinds';
import type { Analysis } from '../analysis/analysis';
import { type Helper, helperPrototype, parameterName } from '../helpers/helper-defs';
import { isGiven } from '../helpers/helper-programs';
import { whyNotCallable } from '../helpers/helper-rules';
import { kfuncAdvice, kfuncFits } from '../helpers/kfunc-rules';
import { LIBBPF_MACROS } from '../helpers/libbpf-macros';
import type { KernelTypes } from '../kernel/kernel-types';
import type { SectionMark } from '../source/model';
import type { Scope } from '../source/scope';
import type { Documented } from './call-docs';
import { matching } from './complete-section';
import { programSkeleton } from './program-skeleton';

/** In a body; `afterAmpersand`: an address is expected, so maps come first. */
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
    for (const aggregate of analysis.source.aggregates)
      for (const one of aggregate.enumerators)
        add({
          label: one.name,
          kind: CompletionItemKind.EnumMember,
          sortText: `3${one.name}`,
          detail: aggregate.name ? `enum ${aggregate.name}` : 'enum',
        });
    for (const item of helperItems(analysis, offset)) add(item);
    for (const item of macroItems(analysis)) add(item);
    for (const item of kfuncItems(analysis, written, offset)) add(item);
    const enumerators = kernelEnumerators(analysis, written);
    for (const item of enumerators.items) add(item);
    // Before the first letter the list is incomplete: the client asks again.
    return { isIncomplete: written === '' || enumerators.isIncomplete, items };
  }
  return { isIncomplete: false, items };
}

const helperLists = new WeakMap<ReadonlyMap<string, Helper>, Map<string, readonly CompletionItem[]>>();

/** Helpers that every program running the code may call and that the target kernel has. */
function helperItems(analysis: Analysis, offset: number): readonly CompletionItem[] {
  const programs = analysis.programsAt(offset);
  return helpersOfKinds(analysis, kindsOf(programs)).filter(({ label }) =>
    programs.every(program => whyNotAttachedThere(label, program) === null),
  );
}

const kindsOf = (programs: readonly ParsedSection[]): readonly SectionKind[] => [
  ...new Set(programs.map(({ kind }) => kind)),
];

/** Cached per kinds of programs. */
function helpersOfKinds(analysis: Analysis, kinds: readonly SectionKind[]): readonly CompletionItem[] {
  const types = analysis.kernel?.types;
  const key = `${kinds.map(kind => kind.name).sort()} ${analysis.kernel?.btfPath}`;
  const lists = helperLists.get(analysis.helpers) ?? new Map<string, readonly CompletionItem[]>();
  helperLists.set(analysis.helpers, lists);
  const known = lists.get(key);
  if (known) return known;
  const items: CompletionItem[] = [];
  for (const helper of analysis.helpers.values()) {
    const isOffered = (kind: SectionKind) =>
      whyNotCallable(helper.name, kind) === null && isGiven(helper.name, kind, types ?? null);
    if (!kinds.every(isOffered)) continue;
    if (types?.hasHelper(helper.name) === false) continue;
    items.push({
      label: helper.name,
      kind: CompletionItemKind.Function,
      detail: helperPrototype(helper),
      sortText: `4${helper.name}`,
      insertText: callSnippet(helper),
      insertTextFormat: InsertTextFormat.Snippet,
      data: 'helper' satisfies Documented,
    });
  }
  lists.set(key, items);
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

const libbpfItems: readonly CompletionItem[] = LIBBPF_MACROS.map(macro => ({
  label: macro.name,
  kind: CompletionItemKind.Function,
  detail: macro.description,
  sortText: `4${macro.name}`,
  insertText: macro.snippet,
  insertTextFormat: InsertTextFormat.Snippet,
  data: 'libbpf-macro' satisfies Documented,
}));

function macroItems(analysis: Analysis): CompletionItem[] {
  const own = analysis.source.macros
    .filter(macro => !macro.name.startsWith('__'))
    .map(macro => ({
      label: macro.name,
      kind: macro.parameters ? CompletionItemKind.Function : CompletionItemKind.Constant,
      detail: macro.parameters ? `${macro.name}(${macro.parameters.join(', ')})` : macro.body,
      sortText: `3${macro.name}`,
      data: 'macro' satisfies Documented,
    }));
  const functions = analysis.source.headers.flatMap(header =>
    header.model.functions.map(one => ({
      label: one.name,
      kind: CompletionItemKind.Function,
      detail: `${one.returnType.replace(/^static |__always_inline /g, '')} (${one.parameters.map(parameter => parameter.name).join(', ')})`,
      sortText: `3${one.name}`,
    })),
  );
  return [...libbpfItems, ...own, ...functions];
}

const kfuncLists = new WeakMap<KernelTypes, Map<string, readonly CompletionItem[]>>();

/** kfuncs of the target kernel for programs of these kinds; none before the first letter, because there are many. */
function kfuncItems(analysis: Analysis, written: string, offset: number): readonly CompletionItem[] {
  const types = analysis.kernel?.types;
  if (!types || written === '') return [];
  const kinds = kindsOf(analysis.programsAt(offset));
  const key = kinds
    .map(kind => kind.name)
    .sort()
    .join(' ');
  const lists = kfuncLists.get(types) ?? new Map<string, readonly CompletionItem[]>();
  kfuncLists.set(types, lists);
  const known = lists.get(key);
  if (known) return known;
  const items = types.kfuncs
    .filter(name => kfuncFits(name, kinds, types))
    .map(name => ({
      label: name,
      kind: CompletionItemKind.Function,
      detail: kfuncAdvice(name, types).description || 'kernel function for BPF programs',
      labelDetails: { description: 'kfunc' },
      sortText: `6${name}`,
      data: 'kfunc' satisfies Documented,
    }));
  lists.set(key, items);
  return items;
}

/** The kernel's enumerators (XDP_PASS, BPF_ANY, TCP_ESTABLISHED); of 16,000 only those with the typed prefix. */
function kernelEnumerators(analysis: Analysis, written: string): CompletionList {
  const types = analysis.kernel?.types;
  if (!types || !/^[A-Z]/.test(written)) return { isIncomplete: false, items: [] };
  const { found, more } = matching(types.enumeratorNames, written);
  const items = found.map(name => ({
    label: name,
    kind: CompletionItemKind.EnumMember,
    sortText: `5${name}`,
    detail: `= ${types.enumerator(name)?.value}`,
  }));
  return { isIncomplete: more, items };
}

/** At file level: a program for the section before it, definitions, the attributes of bpfw.h. */
export function completeFileLevel(
  analysis: Analysis,
  document: TextDocument,
  section: SectionMark | null,
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
        data: 'macro' satisfies Documented,
      });
    }
  }
  return items;
}
