import { describe, expect, it } from 'vitest';
import { inertMarkdown, markdownBlock, markdownText } from '../../../src/shared/text/markdown';
import { MARKUP_ATTACK, TERMINAL_ATTACK } from './hostile';

/** What begins a link, an image, an address or HTML outside of code, whatever the flavour of Markdown. */
const MARKUP = /[[\]<]|:\/\/|www\.|(?<!\\)`/;

/** The text without its code blocks and code spans, as CommonMark sees them. */
function outsideOfCode(markdown: string): string {
  const lines: string[] = [];
  let fence = '';
  for (const line of markdown.split('\n')) {
    const run = /^`{3,}/.exec(line)?.[0] ?? '';
    if (fence === '' && run !== '') fence = run;
    else if (fence !== '' && /^`+\s*$/.test(line) && run.length >= fence.length) fence = '';
    else if (fence === '') lines.push(line);
  }
  return lines.join('\n').replace(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g, '');
}

describe('text within Markdown', () => {
  it.each([
    MARKUP_ATTACK,
    TERMINAL_ATTACK,
    '`',
    '``` x',
    'a\n```\n![x](https://example.invalid/x)',
    '<img src=x>',
    'www.example.invalid',
  ])('is not markup: %j', text => {
    expect(markdownText(text)).toMatch(/^[^[\]()<>`*_!\\]*$/);
    expect(outsideOfCode(markdownBlock(text, 'c'))).toBe('');
    expect(outsideOfCode(inertMarkdown(`There is no ${text} here.`))).not.toMatch(MARKUP);
    expect(outsideOfCode(inertMarkdown(`\`\`\`c\n${text}\n\`\`\`\n${text}`))).not.toMatch(MARKUP);
  });

  it('does not end a block early, nor begin one', () => {
    const text = 'int a;\n```\n![x](https://example.invalid/x)\n```c\nint b;';
    const shown = inertMarkdown(`\`\`\`c\n${text}\n\`\`\`\ntail`);
    expect(outsideOfCode(shown)).not.toMatch(MARKUP);
    expect(outsideOfCode(inertMarkdown('\\`![x](https://example.invalid/x)` `code`'))).not.toMatch(MARKUP);
    expect(outsideOfCode(inertMarkdown('~~~\n[x](https://example.invalid/x)\n~~~'))).not.toMatch(MARKUP);
  });

  it('keeps what helps reading', () => {
    const text = '**kprobe** — runs `SEC("kprobe/…")`\n\n- one\n- two';
    expect(inertMarkdown(text)).toBe(text);
    expect(inertMarkdown('```c\nint x[2] = { 1 };\n```\nan int')).toBe(
      '```c\nint x[2] = { 1 };\n```\nan int',
    );
    expect(markdownText('a*b')).toBe('a&#42;b');
  });
});
