/** Completion inside SEC("..."): kinds, then attach points. */
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parseSection, SECTION_KINDS, type SectionKind } from '../../shared/bpf/section-kinds';
import type { Token } from '../../shared/c/lexer';
import { findUserBinary } from '../../system/user-binaries';
import type { Analysis } from '../analysis/analysis';
import { GPL_COMPATIBLE } from '../helpers/helper-rules';
import { parametersOfSyscall } from '../helpers/syscall-signatures';
import { tracepointCategory } from '../helpers/tracepoint-categories';
import type { KernelSignature } from '../kernel/kernel-types';
import { type KernelOperation, kernelOperations } from '../kernel/struct-ops';
import { binariesNamed, readUserBinary } from '../kernel/user-binary';
import { programSkeleton } from './program-skeleton';
import { functionsBeside } from './symbols';

/** Common kinds of tracing programs; the others come after. */
const USUAL = [
  'fentry',
  'fexit',
  'kprobe',
  'kretprobe',
  'tp_btf',
  'tp',
  'raw_tp',
  'ksyscall',
  'uprobe',
  'uretprobe',
  'usdt',
  'perf_event',
  'iter',
  'lsm',
  'xdp',
  'tc',
];
/** Sections for the tables that struct_ops programs fill. */
const OPERATION_TABLES = [
  { name: '.struct_ops.link', detail: 'Table of kernel operations, in force while its link is held (6.4)' },
  { name: '.struct_ops', detail: 'Table of kernel operations, in force until it is taken back' },
];
const MOST = 200;
/** With so many matches at the start of the name, matches inside it are left out. */
const ENOUGH = 20;

export async function completeSection(
  analysis: Analysis,
  document: TextDocument,
  literal: Token,
  offset: number,
  isOpen: boolean,
): Promise<CompletionList> {
  const nameStart = literal.start + 1;
  const nameEnd = isOpen ? literal.end : literal.end - 1;
  const written = document.getText().slice(nameStart, offset);
  const optional = written.startsWith('?') ? '?' : '';
  const slash = written.indexOf('/');
  const range = { start: document.positionAt(nameStart), end: document.positionAt(nameEnd) };
  const tail = skeletonPlace(analysis, document, literal, isOpen);

  const item = (
    name: string,
    kind: CompletionItemKind,
    detail: string,
    sort: string,
    operation: KernelOperation | null = null,
  ): CompletionItem => {
    const whole = optional + name;
    const skeleton =
      tail && !/[/:]$/.test(name) ? programSkeleton(whole, analysis.kernel?.types ?? null, operation) : null;
    return {
      label: name,
      kind,
      detail,
      sortText: sort,
      filterText: whole,
      ...(skeleton && tail
        ? {
            textEdit: {
              range: { start: range.start, end: document.positionAt(tail.end) },
              newText: `${whole.replace(/[\\$}]/g, '\\$&')}")\n${skeleton}`,
            },
            insertTextFormat: InsertTextFormat.Snippet,
          }
        : { textEdit: { range, newText: whole } }),
      // A kind that needs a target is only half of the name: continue at once.
      ...(/[/:]$/.test(name)
        ? { command: { title: 'Suggest', command: 'editor.action.triggerSuggest' } }
        : {}),
    };
  };

  const variable = analysis.source.text.slice(Math.max(0, literal.start - 200), literal.start);
  if (/(\}\s*\w+|\[\]|char\s+\w+\s*\[?\d*\]?)\s*SEC\($/.test(variable)) {
    const names = /\}\s*\w+\s*SEC\($/.test(variable) ? ['.maps'] : ['license', '.maps'];
    return {
      isIncomplete: false,
      items: names.map(name => ({
        label: name,
        kind: CompletionItemKind.Module,
        textEdit: { range, newText: name },
      })),
    };
  }

  if (slash < 0 || !parseSection(written)?.kind || parseSection(written)?.target === null) {
    const items = SECTION_KINDS.map((kind, position) => {
      const usual = USUAL.indexOf(kind.name);
      const sort = `${usual < 0 ? 'z' : 'a'}${String(usual < 0 ? position : usual).padStart(3, '0')}`;
      return item(
        kind.target === 'none' ? kind.name : `${kind.name}/`,
        CompletionItemKind.Module,
        kind.description,
        sort,
      );
    });
    const tables =
      analysis.kernel && kernelOperations(analysis.kernel.types).length > 0 ? OPERATION_TABLES : [];
    for (const { name, detail } of tables) items.push(item(name, CompletionItemKind.Module, detail, `z999`));
    return { isIncomplete: false, items };
  }
  const parsed = parseSection(written);
  if (!parsed || parsed.target === null) return { isIncomplete: false, items: [] };
  const { kind, target } = parsed;
  const { names, more } = await targetsOf(analysis, kind, target);
  const items = names.map(({ name, detail, operation }, position) =>
    item(
      `${kind.name}/${name}`,
      CompletionItemKind.Function,
      detail,
      String(position).padStart(4, '0'),
      operation,
    ),
  );
  for (const [position, one] of items.entries()) {
    // The user sees the target, the editor filters by the whole name.
    one.label = names[position]?.name ?? one.label;
  }
  return { isIncomplete: more, items };
}

/** Where a program's skeleton can be inserted: after `")` if nothing else is there and no function follows. */
function skeletonPlace(
  analysis: Analysis,
  document: TextDocument,
  literal: Token,
  isOpen: boolean,
): { readonly end: number } | null {
  const text = document.getText();
  const lineEnd = text.indexOf('\n', literal.end);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const rest = text.slice(literal.end, end).trim();
  if (rest !== '' && rest !== ')') return null;
  if (isOpen && rest !== '' && rest !== ')') return null;
  const lineStart = text.lastIndexOf('\n', literal.start) + 1;
  if (!/^\s*SEC\s*\($/.test(text.slice(lineStart, literal.start))) return null;
  const mark = analysis.source.model.sections.find(one => one.nameSpan.start === literal.start + 1);
  const isDangling = !mark || analysis.source.model.danglingSections.includes(mark);
  const next = text.slice(end).trimStart();
  const startsAnother =
    next === '' || /^(SEC\s*\(|struct\s+\w*\s*\{|\/[*/]|#|char\s|const\s|static\s)/.test(next);
  return isDangling || (isOpen && startsAnother) ? { end } : null;
}

interface Proposed {
  readonly names: readonly {
    readonly name: string;
    readonly detail: string;
    readonly operation?: KernelOperation;
  }[];
  readonly more: boolean;
}

async function targetsOf(analysis: Analysis, kind: SectionKind, target: string): Promise<Proposed> {
  const { kernel } = analysis;
  const types = kernel?.types ?? null;
  const plain = (names: readonly string[], detail: (name: string) => string): Proposed => {
    const { found, more } = matching(names, target);
    return { names: found.map(name => ({ name, detail: detail(name) })), more };
  };
  switch (kind.target) {
    case 'function':
    case 'pattern': {
      const proposed = plain(types?.functions ?? [], name => signatureText(analysis, name));
      if (!kind.name.startsWith('fmod_ret')) return proposed;
      // There is no return value to modify.
      const names = proposed.names.filter(({ name }) => types?.signature(name)?.returnsNothing === false);
      return { ...proposed, names };
    }
    case 'syscall':
      return plain(types?.syscalls ?? [], name => {
        const parameters = parametersOfSyscall(types, name);
        return parameters ? `(${parameters.join(', ') || 'void'})` : 'system call';
      });
    case 'raw-tracepoint':
      return plain(types?.tracepoints ?? [], name =>
        (types?.tracepointSignature(name)?.parameters ?? []).map(one => one.text).join(', '),
      );
    case 'lsm-hook':
      return plain(types?.lsmHooks ?? [], name => signatureText(analysis, `bpf_lsm_${name}`));
    case 'iterator':
      return plain(types?.iterators ?? [], () => 'iterator');
    case 'tracepoint':
      return plain(await classicTracepoints(analysis), () => 'tracepoint');
    case 'user-function':
    case 'user-pattern':
    case 'usdt':
      return userTargets(kind, target);
    case 'operation':
      return {
        names: (types ? kernelOperations(types) : [])
          .filter(({ signature }) => signature.name.includes(target))
          .map(operation => ({
            name: operation.signature.name,
            detail: `${operation.table}: ${typeText(operation.signature)}`,
            operation,
          })),
        more: false,
      };
    case 'program-function':
      return {
        names: functionsBeside(analysis.source.uri, analysis.source.model)
          .filter(({ name }) => name.includes(target))
          .map(({ name, file }) => ({ name, detail: `function of ${file}` })),
        more: false,
      };
    default:
      return { names: [], more: false };
  }
}

function signatureText(analysis: Analysis, name: string): string {
  const signature = analysis.kernel?.types.signature(name);
  return signature ? typeText(signature) : '';
}

const typeText = (signature: KernelSignature) =>
  `${signature.returnType} (${signature.parameters.map(one => one.text).join(', ') || 'void'})`;

/** Licences that the kernel considers compatible with the GPL. */
export function completeLicense(document: TextDocument, literal: Token, isOpen: boolean): CompletionItem[] {
  const range = {
    start: document.positionAt(literal.start + 1),
    end: document.positionAt(isOpen ? literal.end : literal.end - 1),
  };
  return GPL_COMPATIBLE.map((text, index) => ({
    label: text,
    kind: CompletionItemKind.Constant,
    detail: 'may call GPL-only helpers',
    sortText: String(index),
    textEdit: { range, newText: text },
  }));
}

const tracepointNames = new WeakMap<object, readonly string[]>();

/** category/name of every classic tracepoint: from tracefs where it can be read, else from BTF, where the name decides the category. */
async function classicTracepoints(analysis: Analysis): Promise<readonly string[]> {
  const { kernel } = analysis;
  if (!kernel) return [];
  const known = tracepointNames.get(kernel);
  if (known) return known;
  const events = await kernel.tracefsEvents();
  const names: string[] = [];
  if (events)
    for (const [category, list] of events) for (const name of list) names.push(`${category}/${name}`);
  else {
    for (const name of kernel.types.tracepoints) {
      const category = tracepointCategory(name);
      if (category !== null) names.push(`${category}/${name}`);
    }
    for (const call of kernel.types.syscalls)
      names.push(`syscalls/sys_enter_${call}`, `syscalls/sys_exit_${call}`);
  }
  names.sort();
  tracepointNames.set(kernel, names);
  return names;
}

/** path:function and path:provider:name, from the binary named so far. */
function userTargets(kind: SectionKind, target: string): Proposed {
  const colon = target.indexOf(':');
  if (colon < 0)
    return { names: binariesNamed(target).map(name => ({ name, detail: detailOfPath(name) })), more: true };
  const file = findUserBinary(target.slice(0, colon));
  const binary = file === null ? null : readUserBinary(file);
  if (!binary) return { names: [], more: true };
  const path = target.slice(0, colon);
  const written = target.slice(colon + 1);
  if (kind.target === 'usdt') {
    const { found, more } = matching(binary.probes, written);
    return { names: found.map(name => ({ name: `${path}:${name}`, detail: 'static probe' })), more };
  }
  const { found, more } = matching(binary.functions, written);
  return { names: found.map(name => ({ name: `${path}:${name}`, detail: 'function' })), more };
}

const detailOfPath = (name: string) => (name.endsWith('/') ? 'folder' : 'program or library');

/** Names that start with `written`, then those that contain it; at most MOST. `names` are sorted. */
export function matching(names: readonly string[], written: string): { found: string[]; more: boolean } {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') < written) low = middle + 1;
    else high = middle;
  }
  const found: string[] = [];
  for (let index = low; index < names.length && found.length < MOST; index++) {
    const name = names[index] ?? '';
    if (!name.startsWith(written)) break;
    found.push(name);
  }
  if (found.length >= MOST) return { found, more: true };
  if (written.length < 3 || found.length >= ENOUGH) return { found, more: names.length > 0 };
  const text = asOneText(names);
  for (let at = text.indexOf(written); at >= 0 && found.length < MOST; ) {
    const end = text.indexOf('\n', at);
    const start = text.lastIndexOf('\n', at) + 1;
    if (start < at) found.push(text.slice(start, end));
    at = text.indexOf(written, end);
  }
  return { found, more: true };
}

const texts = new WeakMap<readonly string[], string>();

/** Names, each followed by a newline: searching one text of 45,000 names is much faster than searching each name. */
function asOneText(names: readonly string[]): string {
  const text = texts.get(names) ?? `${names.join('\n')}\n`;
  texts.set(names, text);
  return text;
}
