import { escapeText } from '../../shared/text/escape';

/** A number with or without a unit. */
const QUANTITY = /^-?\d[\d.,]*( \S{1,4})?$/;

/** Rows of text in aligned columns; numbers are right-aligned. */
export function tableRows(head: readonly string[], cells: readonly (readonly string[])[]): string[] {
  // Escape before measuring, because the width is that of the escaped text.
  const rows = cells.map(row => row.map(escapeText));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)),
  );
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every(row => QUANTITY.test(row[column] || '0')),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}
