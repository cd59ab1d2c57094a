import { describe, expect, it } from 'vitest';
import { escapeLines, escapeMessage, escapeText, foldedFrame } from '../../../src/shared/text/escape';

/** Every code point but surrogates. */
let everything = '';
for (let code = 0; code < 0x30000; code++) {
  if (code < 0xd800 || code > 0xdfff) everything += String.fromCodePoint(code);
}
for (let code = 0xe0000; code < 0xe0200; code++) everything += String.fromCodePoint(code);

/** base/common/linkedText.ts of VS Code 1.139: what becomes a link in a notification, a prompt, a view's message. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
/** base/browser/ui/iconLabel/iconLabels.ts: what becomes an icon. */
const ICON = /(\\)?\$\(([A-Za-z0-9-]+(?:~[A-Za-z]+)?)\)/;

describe('escaping text that is shown', () => {
  it('shows what is invisible or controls a terminal, and keeps the rest', () => {
    expect(escapeText(everything)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(escapeText('\u001b]52;c;aGk=\u0007\r\n\t\u009b2J\u007f')).toBe(
      '\\e]52;c;aGk=\\x07\\r\\n\\t\\x9b2J\\x7f',
    );
    expect(escapeText('a\u202eb\u2066c\u{e0041}')).toBe('a\\u{202e}b\\u{2066}c\\u{e0041}');
    expect(escapeText('<img onerror> äöü 漢字 🐝')).toBe('<img onerror> äöü 漢字 🐝');
  });

  it('takes no short cut past a character: each by itself is escaped exactly when its category requires it', () => {
    const wrong = Array.from(everything).filter(
      character => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character) !== (escapeText(character) !== character),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps line ends and tabs of text of several lines, and nothing else', () => {
    expect(escapeLines(everything).replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(escapeLines('one\r\ntwo\tthree\rfour\u001b[2J\n')).toBe('one\ntwo\tthree\\rfour\\e[2J\n');
  });

  it.each([
    '[Show details](command:workbench.action.terminal.new)',
    '[a](https://example.org "title")',
    'kprobe/[x](FILE:///etc/passwd) and [y](command:z)',
    '[[a](command:b)](command:c)',
    '$(bell) $(sync~spin) \\$(bell) $$(bell) $($(bell))',
    '[a]\n(command:b)',
    '[a]\u200b(command:b) $\u200b(bell)',
  ])('leaves no link and no icon of %s', text => {
    expect(escapeMessage(text)).not.toMatch(LINK);
    expect(escapeMessage(text)).not.toMatch(ICON);
    expect(escapeMessage(escapeMessage(text))).toBe(escapeMessage(text));
  });

  it('stays readable', () => {
    expect(escapeMessage('kprobe/[Show details](command:a.b)')).toBe('kprobe/[Show details]\\(command:a.b)');
    expect(escapeMessage('$(bell) costs $5 (or [six] dollars)')).toBe(
      '$\\(bell) costs $5 (or [six] dollars)',
    );
  });

  it('keeps a frame of folded stacks one frame', () => {
    expect(foldedFrame('<[u8; 4]>::\nprice\u001b[0m')).toBe('<[u8_ 4]>::\\nprice\\e[0m');
  });
});
