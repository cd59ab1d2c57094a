/** Which rows of a stream are listed, in which order: all, those a filter lets through, or a sorted snapshot. */
import type { FieldValue } from '../../src/shared/decode/model';
import type { Field } from '../../src/shared/object/model';
import type { Predicate } from './filter';
import type { RecordReader } from './reader';
import type { EventStore } from './store';

/** Longest stretch of work before the page may draw and answer again. */
const SLICE_MS = 8;
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 512;

/** Gives the browser a turn. setTimeout would be slowed to 4 ms after a few calls. */
export function yieldToPage(): Promise<void> {
  return new Promise(resolve => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** Row numbers that may pass 2^32, growing by doubling. */
class RowList {
  private numbers = new Float64Array(1024);
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }
  at(index: number): number {
    return this.numbers[this.start + index] ?? -1;
  }
  push(row: number): void {
    if (this.end === this.numbers.length) {
      const length = this.length;
      const next = new Float64Array(Math.max(1024, length * 2));
      next.set(this.numbers.subarray(this.start, this.end));
      this.numbers = next;
      this.start = 0;
      this.end = length;
    }
    this.numbers[this.end++] = row;
  }
  /** Forgets rows below `first`; returns how many there were. */
  dropBelow(first: number): number {
    let dropped = 0;
    while (this.start < this.end && (this.numbers[this.start] ?? 0) < first) {
      this.start++;
      dropped++;
    }
    return dropped;
  }
}

/** Reads the columns of one row for predicates and keys, without an object per row. */
class Cursor {
  view: DataView = new DataView(new ArrayBuffer(0));
  offset = 0;
  length = 0;
  constructor(private readonly reader: RecordReader) {}
  readonly value = (column: number): FieldValue => {
    const field = this.reader.columns[column];
    return field ? this.reader.value(this.view, this.offset, this.length, field) : 0;
  };
  readonly shown = (column: number): string => {
    const field = this.reader.columns[column];
    return field ? this.reader.shown(this.value(column), field) : '';
  };
}

/** The rows a filter lets through, found a slice at a time. Marks of lost records always pass. */
export class FilteredRows {
  private readonly list = new RowList();
  private readonly cursor: Cursor;
  private next: number;

  constructor(
    private readonly store: EventStore,
    reader: RecordReader,
    private readonly predicate: Predicate,
  ) {
    this.cursor = new Cursor(reader);
    this.next = store.firstRow;
  }

  get length(): number {
    return this.list.length;
  }
  at(index: number): number {
    return this.list.at(index);
  }
  /** First row not looked at yet. */
  get scannedTo(): number {
    return this.next;
  }

  /** Looks at more rows, at most for a slice of time; true when it has seen all up to `end`. */
  advance(end: number): boolean {
    const until = performance.now() + SLICE_MS;
    const { cursor } = this;
    this.next = Math.max(this.next, this.store.firstRow);
    while (this.next < end && performance.now() < until) {
      const stop = Math.min(end, this.next + ROWS_PER_LOOK);
      this.store.scan(this.next, stop, (row, view, offset, length) => {
        cursor.view = view;
        cursor.offset = offset;
        cursor.length = length;
        if (offset < 0 || this.predicate(cursor.value, cursor.shown)) this.list.push(row);
      });
      this.next = stop;
    }
    return this.next >= end;
  }

  dropBelow(first: number): number {
    return this.list.dropBelow(first);
  }
}

export interface Sorted {
  /** Row numbers in order; marks of lost records are left out. */
  readonly rows: Float64Array;
}

/** A run is sorted in one go; sized to take a few milliseconds. */
const RUN_ROWS = 4096;

/**
 * Sorts rows by one column: runs, then merges, yielding in between so that the page stays alive. Equal values keep
 * their order. null when `cancelled` returned true.
 */
export async function sortRows(
  store: EventStore,
  reader: RecordReader,
  field: Field,
  descending: boolean,
  rows: { readonly length: number; at(index: number): number },
  cancelled: () => boolean,
): Promise<Sorted | null> {
  const total = rows.length;
  const numbers = new Float64Array(total);
  const texts: string[] | null =
    field.storage === 'text' || field.storage === 'bytes' || field.storage === 'array' ? [] : null;
  const keys = new Float64Array(total);
  let count = 0;
  let until = performance.now() + SLICE_MS;
  for (let index = 0; index < total; index++) {
    const number = rows.at(index);
    const row = store.row(number);
    if (row?.kind === 'record') {
      const value = reader.value(row.view, row.offset, row.length, field);
      numbers[count] = number;
      if (texts) texts.push(typeof value === 'string' ? value : reader.shown(value, field));
      else keys[count] = Number(value);
      count++;
    }
    if (index % ROWS_PER_LOOK === 0 && performance.now() > until) {
      await yieldToPage();
      if (cancelled()) return null;
      until = performance.now() + SLICE_MS;
    }
  }

  const sign = descending ? -1 : 1;
  const compare = texts
    ? (a: number, b: number): number => {
        const left = texts[a] ?? '';
        const right = texts[b] ?? '';
        return (left < right ? -sign : left > right ? sign : 0) || a - b;
      }
    : (a: number, b: number): number => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || a - b;

  let order = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  for (let start = 0; start < count; start += RUN_ROWS) {
    order.subarray(start, Math.min(count, start + RUN_ROWS)).sort(compare);
    if (performance.now() > until) {
      await yieldToPage();
      if (cancelled()) return null;
      until = performance.now() + SLICE_MS;
    }
  }
  let spare = new Uint32Array(count);
  for (let width = RUN_ROWS; width < count; width *= 2) {
    for (let start = 0; start < count; start += width * 2) {
      const middle = Math.min(count, start + width);
      const end = Math.min(count, start + width * 2);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takeLeft = right >= end || (left < middle && compare(order[left] ?? 0, order[right] ?? 0) <= 0);
        spare[at] = (takeLeft ? order[left++] : order[right++]) ?? 0;
        if (at % 8192 === 0 && performance.now() > until) {
          await yieldToPage();
          if (cancelled()) return null;
          until = performance.now() + SLICE_MS;
        }
      }
    }
    [order, spare] = [spare, order];
  }
  const sorted = new Float64Array(count);
  for (let index = 0; index < count; index++) sorted[index] = numbers[order[index] ?? 0] ?? 0;
  return { rows: sorted };
}
