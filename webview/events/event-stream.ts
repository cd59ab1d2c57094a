/** One stream of the session on the page: its records, its rate, and the list of rows the user asked for. */

import type { KernelNames } from '../../src/shared/decode/kernel-addresses';
import type { Field } from '../../src/shared/object/model';
import type { StreamDescription } from '../../src/shared/protocol/webview';
import type { Predicate } from './filter';
import { FilteredRows } from './filtered-rows';
import { Rate } from './rate';
import { createReader, type RecordReader } from './record-reader';
import { RecordStore } from './record-store';
import { sortRows } from './sort-rows';
import { yieldToPage } from './time-slices';

/** Unless the host says otherwise: a million records of 128 bytes with their index. */
export const DEFAULT_LIMIT_BYTES = 256 << 20;

interface SortedRows {
  readonly rows: Float64Array;
  /** Oldest row kept when it was made. */
  readonly from: number;
  /** Rows from here on came later. */
  readonly asOfRow: number;
}

export class EventStream {
  readonly reader: RecordReader;
  readonly store: RecordStore;
  readonly rate = new Rate();
  private filtered: FilteredRows | null = null;
  private sorted: SortedRows | null = null;
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
    this.store = new RecordStore(this.reader.index, limitBytes);
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
  /** Records listed by a paused stream, those that left included: what holdAt wants. null while it is not paused. */
  get heldRecords(): number | null {
    return this.pausedAt === null ? null : this.store.recordsBefore(this.pausedAt);
  }
  /** Pauses as it was paused before the page was loaded anew. */
  holdAt(records: number): void {
    let end = this.store.rowAfter(records);
    // What was lost before the first record that came since is news, too.
    while (this.store.row(end - 1)?.kind === 'lost') end--;
    this.pausedAt = end;
  }
  private get end(): number {
    return this.pausedAt ?? this.store.endRow;
  }
  /** Rows that came after the pause or the sort. */
  get newer(): number {
    const seen = this.sorted ? this.sorted.asOfRow : this.end;
    return this.store.endRow - Math.max(seen, this.store.firstRow);
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
    void this.order(field, descending, () => run !== this.sortRun).then(sorted => {
      if (!sorted || run !== this.sortRun) return;
      this.sorted = sorted;
      done();
    });
  }

  private async order(
    field: Field,
    descending: boolean,
    cancelled: () => boolean,
  ): Promise<SortedRows | null> {
    const { filtered, store } = this;
    // A slice of what a filter lets through is not what is listed.
    while (filtered && !filtered.advance(this.end)) {
      await yieldToPage();
      if (cancelled()) return null;
    }
    const from = store.firstRow;
    const asOfRow = filtered ? filtered.scannedTo : this.end;
    filtered?.dropBelow(from);
    const rows = filtered
      ? { length: filtered.length, at: (index: number): number => filtered.at(index) }
      : { length: Math.max(0, asOfRow - from), at: (index: number): number => from + index };
    const sorted = await sortRows(store, this.reader, field, descending, rows, cancelled);
    return sorted && { rows: sorted, from, asOfRow };
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
