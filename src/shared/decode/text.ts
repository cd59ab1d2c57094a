const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };
/** Unicode categories Cc (control), Cf (format: text direction, zero width), Zl and Zp (line and paragraph separators). */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A frame's name as folded stacks (flamegraph.pl) take it: a semicolon, which Rust has in names such as
 * `<[u8; 4] as Price>::price`, and a line's end would end the frame.
 */
export function foldedFrame(name: string): string {
  return name.replace(/[;\r\n]/g, '_');
}

/**
 * Traced text made harmless for terminals and pages: control characters (so every ANSI sequence) become \n, \r, \t, \e
 * or \xNN; invisible format characters and line separators \u{N}.
 */
export function escapeText(text: string): string {
  return text.replace(HARMFUL, character => {
    const named = NAMED[character];
    if (named) return named;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
