/** Records as text: what is listed, in its order. Marks of lost records are kept, so that a gap is not a silence. */
import { csvField, jsonValue } from '../common/export';
import { shownValue } from './reader';
import type { EventStream } from './stream';

export function recordsText(
  stream: EventStream,
  rows: Iterable<number>,
  format: 'csv' | 'ndjson' | 'tsv',
): string {
  const { reader, store, description } = stream;
  const lines: string[] = [];
  if (format !== 'ndjson')
    lines.push(
      reader.columns
        .map(field => (format === 'csv' ? csvField(field.name) : field.label))
        .join(format === 'csv' ? ',' : '\t'),
    );
  for (const number of rows) {
    const row = store.row(number);
    if (!row) continue;
    if (row.kind === 'lost') {
      if (format === 'ndjson')
        lines.push(JSON.stringify({ type: 'lost', stream: description.stream, records: row.lost }));
      continue;
    }
    const values = reader.columns.map(
      field => [field, reader.value(row.view, row.offset, row.length, field)] as const,
    );
    if (format === 'ndjson') {
      lines.push(
        JSON.stringify(
          {
            type: 'event',
            stream: description.stream,
            data: Object.fromEntries(values.map(([field, value]) => [field.name, value])),
          },
          jsonValue,
        ),
      );
    } else if (format === 'csv') {
      // Numbers as counted, so that a spreadsheet can add them; the rest as shown.
      lines.push(
        values
          .map(([field, value]) =>
            csvField(
              typeof value === 'number' || typeof value === 'bigint'
                ? field.meaning === 'plain' ||
                  field.unit !== '' ||
                  /^(duration|timestamp|bytes|kib|count|pid|tid)/.test(field.meaning)
                  ? String(value)
                  : shownValue(value, field)
                : shownValue(value, field),
            ),
          )
          .join(','),
      );
    } else lines.push(values.map(([field, value]) => shownValue(value, field)).join('\t'));
  }
  return `${lines.join('\n')}\n`;
}
