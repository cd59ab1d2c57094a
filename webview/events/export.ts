/** The listed records as text, in the list's order. Marks of lost records are included, so that gaps are visible. */
import { type JsonValue, jsonValue } from '../../src/shared/decode/json-value';
import { classOf } from '../../src/shared/decode/meaning-class';
import type { FieldValue } from '../../src/shared/decode/model';
import type { Field } from '../../src/shared/object/model';
import { copiedLine, csvText } from '../../src/shared/text/cells';
import { jsonLine, jsonText } from '../common/export';
import type { EventStream } from './event-stream';
import type { RecordReader } from './record-reader';

type Format = 'csv' | 'ndjson' | 'json' | 'tsv';
type Cells = readonly (readonly [field: Field, value: FieldValue])[];

/** NDJSON as `bpfw run --json` prints it; JSON as one document with the columns before the rows; TSV with labels as headings. */
export function recordsText(stream: EventStream, rows: Iterable<number>, format: Format): string {
  const { columns } = stream.reader;
  switch (format) {
    case 'csv':
      return csvText(
        columns.map(field => field.name),
        lines(stream, rows, countedText),
      );
    case 'tsv': {
      const shown = lines(stream, rows, (field, value, reader) => reader.shown(value, field));
      return [columns.map(field => field.label), ...shown].map(cells => `${copiedLine(cells)}\n`).join('');
    }
    case 'ndjson':
      return Array.from(objects(stream, rows), jsonLine).join('');
    case 'json':
      return jsonText({
        stream: stream.description.stream,
        label: stream.description.label,
        columns: columns.map(({ name, label, unit, typeName }) => ({ name, label, unit, type: typeName })),
        rows: [...objects(stream, rows)].map(({ stream: _, ...row }) => row),
      });
  }
}

function* lines(
  stream: EventStream,
  rows: Iterable<number>,
  textOf: (field: Field, value: FieldValue, reader: RecordReader) => string,
): Iterable<readonly string[]> {
  for (const number of rows) {
    const cells = cellsOf(stream, number);
    if (cells) yield cells.map(([field, value]) => textOf(field, value, stream.reader));
  }
}

function* objects(
  stream: EventStream,
  rows: Iterable<number>,
): Iterable<{ readonly type: 'lost' | 'event'; readonly stream: string; readonly [part: string]: unknown }> {
  const name = stream.description.stream;
  for (const number of rows) {
    const row = stream.store.row(number);
    if (row?.kind === 'lost') yield { type: 'lost', stream: name, records: row.lost };
    const cells = cellsOf(stream, number);
    if (cells)
      yield {
        type: 'event',
        stream: name,
        data: Object.fromEntries(cells.map(([field, value]) => [field.name, jsonCell(stream, field, value)])),
      };
  }
}

/** A stack as its names, as `bpfw run --json` prints it. */
function jsonCell({ reader }: EventStream, field: Field, value: FieldValue): JsonValue {
  return (field.storage === 'array' ? reader.addressNames(value, field) : null) ?? jsonValue(value, field);
}

/** The row's values; null for a mark of lost records, and for a row dropped meanwhile. */
function cellsOf({ reader, store }: EventStream, number: number): Cells | null {
  const row = store.row(number);
  if (!row || row.kind === 'lost') return null;
  return reader.columns.map(field => [field, reader.value(row.view, row.offset, row.length, field)]);
}

/** Numbers unformatted, so that a spreadsheet can add them; the rest as shown. */
function countedText(field: Field, value: FieldValue, { shown }: RecordReader): string {
  const kind = classOf(field);
  const isCounted = kind === 'quantity' || kind === 'moment' || field.unit !== '';
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  return isCounted && isNumber ? String(value) : shown(value, field);
}
