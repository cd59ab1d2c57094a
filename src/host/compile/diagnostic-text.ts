/**
 * Converts clang's byte columns (1-based) to VS Code's UTF-16 columns (0-based). Does not import `vscode`, so it can be
 * tested alone.
 */

/** The UTF-16 offset of the byte `column` (1-based) in `line`; clamped to the line. */
export function utf16Column(line: string, column: number): number {
  let bytes = 0;
  let units = 0;
  for (const character of line) {
    if (bytes >= column - 1) break;
    bytes += utf8Length(character.codePointAt(0) ?? 0);
    units += character.length;
  }
  return units;
}

/** End of the word or operator that starts at the UTF-16 offset `start`; at least one after it, unless the line ends there. */
export function wordEnd(line: string, start: number): number {
  const word = /^\w+/.exec(line.slice(start));
  if (word) return start + word[0].length;
  return Math.min(line.length, start + 1);
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
