/** One stream of the session on the page: its records, its rate, and the list of rows the person asked for. */

import type { KernelNames } from '../../src/shared/decode/kernel-addresses';
import type { Field } from '../../src/shared/object/model';
import type { StreamDescription } from '../../src/shared/protocol/webview';
import type { Predicate } from './filter';
import { Rate } from './rate';
import { createReader, type RecordReader } from './reader';
import { FilteredRows, sortRows } from './rows';
import { EventStore } from './store';

/** Unless the host says otherwise: a million records of 128 bytes with their index. */
export const DEFAULT_LIMIT_BYTES = 256 << 20;

export interface SortChoice {
  readonly column: string;
  readonly descending: boolean;
}

export class EventStream {
  readonly reader: RecordReader;
  readonly store: EventStore;
  readonly rate = new Rate();
  private filtered: FilteredRows | null = null;
  private sorted: { readonly rows: Float64Array; from: number; readonly asOfRow: number } | null = null;
  private sortRun = 0;
  private pausedAt: number | null = null;
  /** First row of the list as of the last refresh: what went since must shift the view. */
  private listFirst = 0;

  constructor(
    readonly description: StreamDescription,
    readonly limitBytes: number,
    names: KernelNames,
  ) {
    this.reader = createReader(description, names);
    this.store = new EventStore(this.reader.index, limitBytes);
  }

  push(bytes: ArrayBuffer, lost: number, atMs: number): void {
    this.rate.add(atMs, this.store.push(new Uint8Array(bytes), lost, atMs), lost);
  }

  get paused(): boolean {
    return this.pausedAt !== null;
  }
  pause(paused: boolean): void {
    this.pausedAt = paused ? this.store.endRow : null;
  }
  private get end(): number {
    return this.pausedAt ?? this.store.endRow;
  }
  /** Rows that came after the pause or the sort. */
  get newer(): number {
    return this.sorted ? this.store.endRow - this.sorted.asOfRow : this.store.endRow - this.end;
  }

  filter(predicate: Predicate | null): void {
    this.filtered = predicate ? new FilteredRows(this.store, this.reader, predicate) : null;
    this.sorted = null;
    this.sortRun++;
    this.listFirst = this.store.firstRow;
  }

  /**
   * Sorts what is listed now; rows that come later stay out until the next call. `done` is called when the order is
   * ready, unless another choice was made meanwhile. null goes back to the order of arrival.
   */
  sort(field: Field | null, descending: boolean, done: () => void): void {
    const run = ++this.sortRun;
    if (!field) {
      this.sorted = null;
      this.listFirst = this.store.firstRow;
      done();
      return;
    }
    this.refresh();
    const asOfRow = this.end;
    const first = this.store.firstRow;
    const rows = this.filtered ?? {
      length: Math.max(0, asOfRow - first),
      at: (index: number): number => first + index,
    };
    const wanted = { length: rows.length, at: (index: number): number => rows.at(index) };
    void sortRows(this.store, this.reader, field, descending, wanted, () => run !== this.sortRun).then(
      result => {
        if (!result || run !== this.sortRun) return;
        this.sorted = { rows: result.rows, from: this.store.firstRow, asOfRow };
        done();
      },
    );
  }

  get isSorted(): boolean {
    return this.sorted !== null;
  }

  /** Brings the list up to date within a slice of time. `more`: call again soon. `gone`: rows that left at its top. */
  refresh(): { readonly more: boolean; readonly gone: number } {
    const first = this.store.firstRow;
    if (this.sorted) {
      if (this.sorted.from < first) {
        this.sorted = { ...this.sorted, rows: this.sorted.rows.filter(row => row >= first), from: first };
      }
      return { more: false, gone: 0 };
    }
    if (this.filtered) {
      const gone = this.filtered.dropBelow(first);
      return { more: !this.filtered.advance(this.end), gone };
    }
    const gone = Math.max(0, first - this.listFirst);
    this.listFirst = first;
    return { more: false, gone };
  }

  get length(): number {
    if (this.sorted) return this.sorted.rows.length;
    return this.filtered ? this.filtered.length : Math.max(0, this.end - this.store.firstRow);
  }

  /** Number of the row at a place of the list; -1 beyond it. */
  rowAt(index: number): number {
    if (this.sorted) return this.sorted.rows[index] ?? -1;
    return this.filtered ? this.filtered.at(index) : this.store.firstRow + index;
  }

  /** Place of a row in the unfiltered, unsorted list or, by search, in the others; -1 when it is not listed. */
  indexOf(row: number): number {
    if (row < this.store.firstRow) return -1;
    if (this.sorted) return this.sorted.rows.indexOf(row);
    if (!this.filtered) return row - this.store.firstRow;
    let low = 0;
    let high = this.filtered.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.filtered.at(middle);
      if (found === row) return middle;
      if (found < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
