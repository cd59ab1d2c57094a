/** Maps and global variables as tables with change and rate. No DOM. */
import { formatValue } from '../../src/shared/decode/format';
import { jsonRecord } from '../../src/shared/decode/json-value';
import { isQuantity } from '../../src/shared/decode/meaning-class';
import type { FieldValue, MapEntry, RecordValue } from '../../src/shared/decode/model';
import type { Field, RecordLayout } from '../../src/shared/object/model';
import { keyId, plainField } from '../common/fields';
import type { SortChoice } from '../common/toolbar';

/** How a column gets its value from a row. */
export type ColumnKind = 'key' | 'value' | 'change' | 'rate';

export interface Column {
  readonly id: string;
  readonly label: string;
  readonly kind: ColumnKind;
  readonly numeric: boolean;
  readonly field: Field;
}

export interface TableRow {
  readonly id: string;
  readonly key: RecordValue;
  readonly value: RecordValue;
  /** Increase since the previous reading, by value field; missing in a row's first reading. */
  readonly change: ReadonlyMap<string, number>;
}

/** Maximum number of values with columns for change and rate; a struct of counters would otherwise fill the screen. */
const MOST_CHANGES = 4;
/** A field for values of unknown type, which are shown unformatted. */
export function untypedField(name: string, value: FieldValue): Field {
  const storage =
    typeof value === 'string'
      ? 'text'
      : value instanceof Uint8Array
        ? 'bytes'
        : Array.isArray(value)
          ? 'array'
          : 'u64';
  return plainField(name, name, { size: 8, storage });
}

/** Columns of a table: key, value, and change and rate after each counting value. */
export function columnsOf(key: readonly Field[], value: readonly Field[]): Column[] {
  const column = (kind: ColumnKind, label: string, field: Field): Column => {
    return { id: `${kind}.${field.name}`, label, kind, numeric: isQuantity(field), field };
  };
  const columns = key.filter(field => !field.hidden).map(field => column('key', field.label, field));
  let changes = 0;
  for (const field of value.filter(candidate => !candidate.hidden)) {
    columns.push(column('value', field.label, field));
    if (!isQuantity(field) || ++changes > MOST_CHANGES) continue;
    columns.push(column('change', 'Change', field), column('rate', 'Rate', field));
  }
  return columns;
}

/** One table over its readings. */
export class LiveTable {
  columns: readonly Column[] = [];
  rows: readonly TableRow[] = [];
  private byId: ReadonlyMap<string, TableRow> = new Map();
  private layouts: { readonly key: RecordLayout | null; readonly value: RecordLayout | null } = {
    key: null,
    value: null,
  };
  private atMs: number | null = null;
  /** Seconds between the last two readings; null after the first. */
  intervalSeconds: number | null = null;

  /**
   * `isOrdered`: the entries' order has a meaning, as in an array. `why`: the purpose of a map that is internal to the
   * program, else ''.
   */
  constructor(
    readonly id: string,
    readonly label: string,
    private readonly isOrdered: boolean,
    readonly why = '',
  ) {}

  /** The order until the user selects one: by the first counter, largest first. Null: in the map's order. */
  ownSort(): SortChoice | null {
    if (this.isOrdered) return null;
    const counted = this.columns.find(({ kind }) => kind === 'change');
    return counted ? { column: `value.${counted.field.name}`, descending: true } : null;
  }

  /** Adds a complete reading. The layouts are null if the type is unknown. */
  update(
    entries: readonly MapEntry[],
    keyLayout: RecordLayout | null,
    valueLayout: RecordLayout | null,
    atMs: number,
  ): void {
    const [first] = entries;
    const fieldsOf = (
      layout: RecordLayout | null,
      sample: Readonly<Record<string, FieldValue>> | undefined,
    ): readonly Field[] =>
      layout?.fields ?? Object.entries(sample ?? {}).map(([name, one]) => untypedField(name, one));
    const valueFields = fieldsOf(valueLayout, first?.value);
    if (first || this.columns.length === 0)
      this.columns = columnsOf(fieldsOf(keyLayout, first?.key), valueFields);
    const counting = valueFields.filter(isQuantity);
    const times = new Map<string, number>();
    for (const entry of entries) times.set(keyId(entry), (times.get(keyId(entry)) ?? 0) + 1);
    const next = new Map<string, TableRow>();
    for (const entry of entries) {
      const { key, value } = entry;
      const own = keyId(entry);
      // Entries that cannot be told apart are rows of their own: which is which of the last reading is not known.
      const isOnly = times.get(own) === 1;
      const id = isOnly ? own : `${own} ${next.size}`;
      const before = isOnly ? this.byId.get(own) : undefined;
      next.set(id, { id, key, value, change: changes(counting, before?.value, value) });
    }
    this.layouts = { key: keyLayout, value: valueLayout };
    this.intervalSeconds = this.atMs === null ? null : Math.max(0.001, (atMs - this.atMs) / 1000);
    this.atMs = atMs;
    this.byId = next;
    this.rows = [...next.values()];
  }

  /** The number a row is sorted by, or its text. */
  sortKey(row: TableRow, column: Column): number | string {
    if (column.kind === 'change' || column.kind === 'rate') return row.change.get(column.field.name) ?? 0;
    const value = fieldValue(row, column);
    return typeof value === 'number' || typeof value === 'bigint'
      ? Number(value)
      : value === undefined
        ? ''
        : formatValue(value, column.field);
  }

  /** The unformatted value as text, for exports and tests; '' if there is none. */
  plain(row: TableRow, column: Column): string {
    if (column.kind === 'change') return String(row.change.get(column.field.name) ?? '');
    if (column.kind === 'rate') return this.rate(row, column) === null ? '' : String(this.rate(row, column));
    const value = fieldValue(row, column);
    return value === undefined
      ? ''
      : typeof value === 'object'
        ? formatValue(value, column.field)
        : String(value);
  }

  /** Key and value as JSON contains them. */
  json(row: TableRow) {
    const { key } = this.layouts;
    return { key: jsonRecord(row.key, key), value: jsonRecord(row.value, this.valueLayout(row)) };
  }

  protected valueLayout(_row: TableRow): Pick<RecordLayout, 'fields'> | null {
    return this.layouts.value;
  }

  private rate(row: TableRow, column: Column): number | null {
    const change = row.change.get(column.field.name);
    return change === undefined || this.intervalSeconds === null ? null : change / this.intervalSeconds;
  }

  /** The text of a cell. An unchanged value shows nothing in its change column, so that changes stand out. */
  shown(row: TableRow, column: Column): string {
    if (column.kind === 'change') {
      const change = row.change.get(column.field.name);
      if (change === undefined || change === 0) return '';
      return `${change > 0 ? '+' : '−'}${formatValue(Math.abs(change), column.field)}`;
    }
    if (column.kind === 'rate') {
      const rate = this.rate(row, column);
      if (rate === null || rate === 0) return '';
      const rounded = Math.abs(rate) >= 10 ? Math.round(rate) : Number(rate.toFixed(1));
      return `${rounded < 0 ? '−' : ''}${formatValue(Math.abs(rounded), column.field)}/s`;
    }
    const value = fieldValue(row, column);
    return value === undefined ? '' : formatValue(value, column.field);
  }

  /** Rows whose shown key or value contains the text, in the selected order; equal ones stay in the map's order. */
  listed(search: string, sort: SortChoice | null): readonly TableRow[] {
    const wanted = search.trim().toLowerCase();
    const texts = this.columns.filter(column => column.kind === 'key' || column.kind === 'value');
    const found =
      wanted === ''
        ? this.rows
        : this.rows.filter(row =>
            texts.some(column => this.shown(row, column).toLowerCase().includes(wanted)),
          );
    const column = this.columns.find(candidate => candidate.id === sort?.column);
    if (!column || !sort) return found;
    const sign = sort.descending ? -1 : 1;
    return found
      .map(row => ({ row, key: this.sortKey(row, column) }))
      .sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0))
      .map(({ row }) => row);
  }
}

function changes(
  counting: readonly Field[],
  before: RecordValue | undefined,
  now: RecordValue,
): Map<string, number> {
  const change = new Map<string, number>();
  for (const { name } of before ? counting : []) {
    const is = now[name];
    const was = before?.[name];
    if (typeof is === 'number' && typeof was === 'number') change.set(name, is - was);
    else if (isInteger(is) && isInteger(was)) change.set(name, Number(BigInt(is) - BigInt(was)));
  }
  return change;
}

function isInteger(value: FieldValue | undefined): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function fieldValue(row: TableRow, { kind, field }: Column): FieldValue | undefined {
  return (kind === 'key' ? row.key : row.value)[field.name];
}
