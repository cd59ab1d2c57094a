/** The rows of a stream that pass a filter. */
import type { FieldValue } from '../../src/shared/decode/model';
import type { Predicate } from './filter';
import type { RecordReader } from './record-reader';
import type { RecordStore } from './record-store';
import { ROWS_PER_LOOK, SLICE_MS } from './time-slices';

/** Row numbers that may exceed 2^32, growing by doubling. */
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
  /** Removes rows below `first`; returns how many there were. */
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

/** The rows that pass a filter, searched in slices of time. Marks of lost records always pass. */
export class FilteredRows {
  private readonly list = new RowList();
  private readonly cursor: Cursor;
  private next: number;

  constructor(
    private readonly store: RecordStore,
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
  /** First row not examined yet. */
  get scannedTo(): number {
    return this.next;
  }

  /** Examines more rows, at most for a slice of time; true if it has seen all up to `end`. */
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
