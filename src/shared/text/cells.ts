/**
 * Cells of tables that a spreadsheet may open, as a file or pasted. A cell that begins like a formula would be computed:
 * an apostrophe before it makes it text. Which character separates cells depends on the reader's language (Excel takes a
 * semicolon in many), and a reader with another separator sees our quotes in the middle of a cell, where they mean
 * nothing: so the beginning is guarded after everything that may separate cells, and not of the whole text only.
 */
import { escapeText } from './escape';

/** OWASP's list (CSV Injection), and the full-width forms that Excel takes for the same. */
const FORMULA = /(^|[,;|])([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

/** A cell of a CSV line, in one line: quoted where it must be. A number stays one, whatever its sign. */
export function csvCell(text: string): string {
  const safe = guarded(escapeText(text));
  return /[",;|]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of CSV, without its end. */
export function csvLine(cells: readonly string[]): string {
  return cells.map(csvCell).join(',');
}

/** A line of cells with tabs between, as spreadsheets take it from the clipboard; without its end. */
export function copiedLine(cells: readonly string[]): string {
  return cells.map(cell => guarded(escapeText(cell))).join('\t');
}

function guarded(text: string): string {
  return NUMBER.test(text) ? text : text.replace(FORMULA, "$1$2'");
}
