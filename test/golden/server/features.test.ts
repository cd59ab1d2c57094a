/**
 * Completion, hover, signatures, symbols, references and lenses, over the protocol, against a kernel known by heart.
 * `npm run golden` writes the answers in features/ anew: read the difference.
 */
import { readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CodeLens,
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  SignatureHelp,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { CURSOR, ServerUnderTest, scratch } from './client';
import { FEATURES, type FeatureCase, readCases, writeCases } from './feature-cases';

const update = process.env.BPFW_UPDATE_GOLDEN === '1';
const folder = scratch();
let server: ServerUnderTest;
let files = 0;

beforeAll(async () => {
  server = await ServerUnderTest.onSmallKernel(folder);
}, 60_000);
afterAll(async () => {
  await server.stopWell();
  rmSync(folder, { recursive: true, force: true });
});

/** Each request, and its answer as text. */
const REQUESTS: Readonly<
  Record<string, (name: string, program: string, argument?: string) => Promise<string>>
> = {
  /** Argument: the character that was typed. */
  async complete(name, program, character) {
    const items = await server.complete(name, program, character);
    return [...items]
      .sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1))
      .map(({ label, detail }) => [label, detail].filter(Boolean).join('  '))
      .join('\n');
  },
  /** Argument: the proposal that is taken. What is to be filled in stands in ‹›. */
  async take(name, program, label) {
    const items = await server.complete(name, program);
    const item = items.find(one => one.label === label);
    if (!item) throw new Error(`no ${label} among ${items.map(one => one.label)}`);
    return changedLines(program, taken(name, item));
  },
  async hover(name, program) {
    const found = await server.at<Hover | null>('textDocument/hover', name, program);
    return found && typeof found.contents === 'object' && 'value' in found.contents
      ? found.contents.value
      : '';
  },
  async signature(name, program) {
    const help = await server.at<SignatureHelp | null>('textDocument/signatureHelp', name, program);
    const [signature] = help?.signatures ?? [];
    if (!signature) return '';
    const place = signature.parameters?.[help?.activeParameter ?? 0]?.label;
    return `${signature.label}\nnow: ${Array.isArray(place) ? signature.label.slice(...place) : place}`;
  },
  async references(name, program) {
    const found = await server.at<Location[]>('textDocument/references', name, program, {
      context: { includeDeclaration: true },
    });
    const { document } = await opened(name, program);
    return found.map(({ range }) => `${range.start.line + 1}: ${document.getText(range)}`).join('\n');
  },
  async symbols(name, program) {
    const { textDocument } = await opened(name, program);
    const lines = (symbols: readonly DocumentSymbol[], indent = ''): string[] =>
      symbols.flatMap(one => [
        `${indent}${one.name}  ${one.detail}`,
        ...lines(one.children ?? [], `${indent}  `),
      ]);
    return lines(await server.connection.sendRequest('textDocument/documentSymbol', { textDocument })).join(
      '\n',
    );
  },
  async lenses(name, program) {
    const { textDocument } = await opened(name, program);
    const lenses = await server.connection.sendRequest<CodeLens[]>('textDocument/codeLens', { textDocument });
    return lenses
      .map(
        ({ range, command }) =>
          `${range.start.line + 1}: ${command?.title}${command?.command && ` (${command.command})`}`,
      )
      .join('\n');
  },
};

async function opened(name: string, program: string) {
  const { uri } = await server.write(name, program);
  return { textDocument: { uri }, document: server.document(uri) };
}

function taken(name: string, { label, textEdit }: CompletionItem): string {
  if (!textEdit || !('range' in textEdit)) throw new Error(`${label} has no edit`);
  const newText = textEdit.newText.replace(/\$\{\d+:(\w+)\}/g, '‹$1›');
  return TextDocument.applyEdits(server.document(server.uri(name)), [{ range: textEdit.range, newText }]);
}

/** The text without the lines at its beginning that both have. */
function changedLines(before: string, after: string): string {
  const old = before.replace(CURSOR, '').split('\n');
  const lines = after.split('\n');
  const first = lines.findIndex((line, at) => line !== old[at]);
  return lines.slice(first).join('\n').trimEnd();
}

async function answerOf({ request, program }: FeatureCase): Promise<string> {
  const [kind = '', ...argument] = request.split(' ');
  const ask = REQUESTS[kind];
  if (!ask) throw new Error(`there is no request ${kind}`);
  const answer = await ask(`case${++files}.bpf.c`, program, argument[0]);
  // Libraries lie in folders of their own on each machine.
  return `${answer.replaceAll(/\/[\w/.-]+\/(?=libc\.so)/g, '…/').trim() || 'nothing'}\n`;
}

describe.each(readdirSync(FEATURES))('%s', file => {
  const { template, cases } = readCases(file);
  const answers: FeatureCase[] = [];
  it.each(cases)('$request: $text', async one => {
    const answer = await answerOf(one);
    answers.push({ ...one, answer });
    if (!update) expect(answer).toBe(one.answer);
  });
  afterAll(() => {
    if (update) writeCases(file, template, answers);
  });
});
