import { escapeText } from '../../shared/text/escape';

/** A number, with a unit or without. */
const QUANTITY = /^-?\d[\d.,]*( \S{1,4})?$/;

/** Rows of text as aligned columns; numbers to the right. */
export function tableRows(head: readonly string[], cells: readonly (readonly string[])[]): string[] {
  // Escaped before it is measured: the width is that of what is shown.
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
