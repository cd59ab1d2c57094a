/**
 * Escapes untrusted text (names in objects and files, logs, process names) for display. Each function keeps all visible
 * characters and is idempotent.
 */
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };
/** Unicode categories Cc (control), Cf (format: text direction, zero width), Zl and Zp (line and paragraph separators). */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const HARMFUL_WITHIN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/**
 * Text that needs no escape, five times as fast as by categories: ASCII, Latin, the units and symbols of our own output,
 * CJK ideographs.
 */
const HARMLESS = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u4e00-\u9fff]*$/;
const HARMLESS_LINES = /^[ -~\n\t\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u4e00-\u9fff]*$/;

/** Whether text is one line that no escape changes. False for some text that none changes either: it is only fast. */
export function isHarmless(text: string): boolean {
  return HARMLESS.test(text);
}

/**
 * One line of text: control characters (so every ANSI sequence) become \n, \r, \t, \e or \xNN; invisible format characters
 * and line separators \u{N}.
 */
export function escapeText(text: string): string {
  return HARMLESS.test(text) ? text : text.replace(HARMFUL, escaped);
}

/** What escapedData() would escape, or what would look like its escapes. */
const AMBIGUOUS =
  /\\+(?=[nrte]|x[0-7][0-9a-f]|u\{|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\S ]| +$)|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\S ]|^ +| +$|(?<= ) +/gu;
const UNAMBIGUOUS = /^(?:[!-[\]-~\u00a1-\u00ac\u00ae-\u02ff\u4e00-\u9fff]+ ?)*(?<! )$/;

/**
 * One line for traced text, as decodeExactText() gives it: different texts look different. Escapes as escapeText() does,
 * and blanks that would not be visible: at the ends, after another one, and other characters of white space. Backslashes
 * that would be read as an escape are doubled. Not idempotent; escapeText() leaves the result unchanged.
 */
export function escapeData(text: string): string {
  if (UNAMBIGUOUS.test(text)) return text;
  return text.replace(AMBIGUOUS, part => {
    if (part.startsWith('\\')) return part + part;
    if (part.startsWith(' ')) return part.replaceAll(' ', '\\x20');
    // \x80 is a byte, see decodeExactText().
    return escaped(part).replace(/^\\x([89a-f].)$/, '\\u{$1}');
  });
}

/** Like escapeText(), for text of several lines: keeps \n and \t, and \r\n becomes \n. */
export function escapeLines(text: string): string {
  return HARMLESS_LINES.test(text)
    ? text
    : text.replaceAll('\r\n', '\n').replace(HARMFUL_WITHIN_LINES, escaped);
}

/**
 * One line for VS Code's own surfaces (notifications, dialogs, quick picks, status bar, trees, CodeLens). They turn
 * `[text](command:…)` into a link that may run any command, and `$(name)` into an icon: a parenthesis after ] or $ gets a
 * backslash.
 * The patterns are VS Code's: base/common/linkedText.ts, base/browser/ui/iconLabel/iconLabels.ts.
 */
export function escapeMessage(text: string): string {
  const line = escapeText(text);
  // Nearly no text has one, and completion escapes hundreds of texts per keystroke.
  return line.includes('](') || line.includes('$(') ? line.replace(/([\]$])\(/g, '$1\\(') : line;
}

function escaped(character: string): string {
  const named = NAMED[character];
  if (named) return named;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * The output of JSON.stringify(), with the control and format characters that it does not escape (U+007F and beyond) as
 * \uXXXX: parsing it gives the same value.
 */
export function printableJson(json: string): string {
  return HARMLESS.test(json)
    ? json
    : json.replace(HARMFUL_WITHIN_LINES, character =>
        Array.from(
          character.split(''),
          unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        ).join(''),
      );
}

/**
 * A frame's name for folded stacks (flamegraph.pl): a semicolon, as in Rust names such as `<[u8; 4] as Price>::price`,
 * would end the frame, and a newline the stack.
 */
export function foldedFrame(name: string): string {
  return escapeText(name).replaceAll(';', '_');
}
