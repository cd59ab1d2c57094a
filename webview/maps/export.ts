/** The listed entries of a table as files, in list order. */
import { csvText } from '../../src/shared/text/cells';
import { jsonLine, jsonText } from '../common/export';
import type { ExportedFile } from '../common/panel-frame';
import type { Column, LiveTable, TableRow } from './live-table';

/** CSV contains numbers unformatted and the rest as shown; the JSON formats contain them as jsonValue() does. */
export function entriesFile(
  table: LiveTable,
  rows: readonly TableRow[],
  format: 'csv' | 'ndjson' | 'json',
): ExportedFile {
  const columns = table.columns.filter(column => column.kind === 'key' || column.kind === 'value');
  return { format, name: table.label, content: content(table, columns, rows, format) };
}

function content(
  table: LiveTable,
  columns: readonly Column[],
  rows: readonly TableRow[],
  format: 'csv' | 'ndjson' | 'json',
): string {
  if (format === 'ndjson')
    return rows.map(row => jsonLine({ type: 'entry', map: table.id, ...table.json(row) })).join('');
  if (format === 'json')
    return jsonText({
      map: table.id,
      label: table.label,
      columns: columns.map(({ kind, field }) => ({
        of: kind,
        name: field.name,
        label: field.label,
        unit: field.unit,
        type: field.typeName,
      })),
      entries: rows.map(row => table.json(row)),
    });
  return csvText(
    columns.map(column => column.field.name),
    rows.map(row =>
      columns.map(column => (column.numeric ? table.plain(row, column) : table.shown(row, column))),
    ),
  );
}
