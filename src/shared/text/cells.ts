/**
 * Cells of tables that may be opened in or pasted into a spreadsheet. A cell that begins like a formula would be
 * evaluated: a leading apostrophe makes it text. The separator of cells depends on the locale (Excel uses a semicolon in
 * many), and with another separator our quotes are in the middle of a cell, where they have no effect: so the guard is
 * inserted after every possible separator, not only at the beginning of the text.
 */
import { escapeText } from './escape';

/** OWASP's list (CSV Injection), and the full-width forms that Excel treats the same. */
const FORMULA = /(^|[,;|])([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

/** A cell of a CSV line, without newlines, quoted if necessary. Numbers are unchanged, even negative ones. */
export function csvCell(text: string): string {
  const safe = guarded(escapeText(text));
  return /[",;|]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of CSV, without a newline. */
export function csvLine(cells: readonly string[]): string {
  return cells.map(csvCell).join(',');
}

/** A CSV file: a line of headings, and the rows. */
export function csvText(headings: readonly string[], rows: Iterable<readonly string[]>): string {
  return [headings, ...rows].map(cells => `${csvLine(cells)}\n`).join('');
}

/** A line of cells with tabs between, as spreadsheets take it from the clipboard; without its end. */
export function copiedLine(cells: readonly string[]): string {
  return cells.map(cell => guarded(escapeText(cell))).join('\t');
}

function guarded(text: string): string {
  return NUMBER.test(text) ? text : text.replace(FORMULA, "$1$2'");
}
