/** Names and comments that an attacker chose, in all that the language server says: no link, image, icon or HTML of them. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodeLens, DocumentSymbol, Hover } from 'vscode-languageserver/node';
import { findClang } from '../../../src/compile/clang';
import { MARKUP_ATTACK as ATTACK, cString } from '../../unit/text/hostile';
import { CURSOR, ServerUnderTest, scratch } from './client';

/** What VS Code makes a link or an icon of outside of Markdown: base/common/linkedText.ts, iconLabels.ts. */
const LINK_OR_ICON = /\]\((command|https?|file):|\$\([\w-]+\)/;
/** The same in Markdown, where code holds anything. */
const inMarkdown = (hover: Hover | null): string => {
  const contents = hover?.contents;
  if (typeof contents !== 'object' || !('value' in contents)) throw new Error('no Markdown');
  return contents.value.replace(/^(`{3,})\w*\n[\s\S]*?\n\1$/gm, '').replace(/(?<!`)`[^`\n]+`(?!`)/g, '');
};

describe('text of strangers', () => {
  const folder = scratch();
  const binary = path.join(folder, 'library.so');
  let server: ServerUnderTest;
  beforeAll(async () => {
    const source = path.join(folder, 'library.c');
    writeFileSync(
      source,
      `void run(void) __asm__("run_" ${cString(ATTACK)});\nvoid run(void) {}\nvoid plain(void) {}\n`,
    );
    // Its own assembler takes any name.
    execFileSync((await findClang()).path, ['-shared', '-fPIC', '-g', '-o', binary, source]);
    server = await ServerUnderTest.onSmallKernel(folder);
  }, 60_000);
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  const program = (section: string) => `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* ${ATTACK} */
#define HOSTILE 1

SEC("${section}")
int probe(void *ctx)
{
	return HOSTILE;
}

char LICENSE[] SEC("license") = "GPL";
`;

  it('is a name to complete that shows no icon and inserts what the file has', async () => {
    const items = await server.complete('complete.bpf.c', program(`uprobe/${binary}:${CURSOR}`));
    const hostile = items.filter(item => item.label.includes('Show details'));
    expect(hostile.length).toBeGreaterThan(0);
    for (const item of hostile) {
      expect(item.label).not.toMatch(LINK_OR_ICON);
      const inserted = item.textEdit?.newText ?? item.insertText ?? '';
      expect(inserted).toContain('[Show details](command:');
    }
  });

  it.each(['uprobe/', 'HOSTILE;'])('is text in the hover over %s', async word => {
    const text = program(`uprobe/${ATTACK}:main`);
    const at = text.indexOf(word) + 1;
    const marked = text.slice(0, at) + CURSOR + text.slice(at);
    const shown = inMarkdown(await server.at<Hover | null>('textDocument/hover', 'hover.bpf.c', marked));
    expect(shown).toContain('Show details');
    expect(shown).not.toMatch(/[[\]<]|:\/\//);
  });

  it('is text over a line, in the outline and in problems', async () => {
    const name = 'lens.bpf.c';
    const problems = await server.diagnostics(name, program(`kprobe/${ATTACK}`));
    const textDocument = { uri: server.uri(name) };
    const lenses = await server.connection.sendRequest<CodeLens[]>('textDocument/codeLens', { textDocument });
    const symbols = await server.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument,
    });
    const texts = [
      ...problems.map(({ message }) => (typeof message === 'string' ? message : message.value)),
      ...lenses.map(lens => lens.command?.title ?? ''),
      ...symbols.flatMap(symbol => [symbol.name, symbol.detail ?? '']),
    ];
    expect(texts.filter(text => text.includes('Show details')).length).toBeGreaterThan(1);
    expect(texts.filter(text => LINK_OR_ICON.test(text))).toEqual([]);
  });
});
