/** One stream of the session on the page: its records, its rate, and the list of rows as filtered and sorted. */

import type { KernelNames } from '../../src/shared/decode/kernel-addresses';
import { sameRecords } from '../../src/shared/decode/ring-span';
import type { Field } from '../../src/shared/object/model';
import type { StreamDescription } from '../../src/shared/protocol/webview';
import type { Predicate } from './filter';
import { FilteredRows } from './filtered-rows';
import { Rate } from './rate';
import { createReader, type RecordReader } from './record-reader';
import { RecordStore } from './record-store';
import { sortRows } from './sort-rows';
import { yieldToPage } from './time-slices';

/** Default if the host sends no limit: a million records of 128 bytes with their index. */
export const DEFAULT_LIMIT_BYTES = 256 << 20;

interface SortedRows {
  readonly rows: Float64Array;
  /** Oldest row kept when it was sorted. */
  readonly from: number;
  /** Rows from here on arrived later. */
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
  /** First row of the list as of the last refresh; rows dropped since then shift the view. */
  private listFirst = 0;

  constructor(
    readonly description: StreamDescription,
    readonly limitBytes: number,
    names: KernelNames,
  ) {
    this.reader = createReader(description, names);
    const same = description.content === 'ring' ? sameRecords : undefined;
    this.store = new RecordStore(this.reader.index, limitBytes, same);
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
  /** Records listed by a paused stream, dropped ones included, for holdAt. Null if it is not paused. */
  get heldRecords(): number | null {
    return this.pausedAt === null ? null : this.store.recordsBefore(this.pausedAt);
  }
  /** Restores a pause from before a reload. */
  holdAt(records: number): void {
    let end = this.store.rowAfter(records);
    // Losses before the first newer record count as newer too.
    while (this.store.row(end - 1)?.kind === 'lost') end--;
    this.pausedAt = end;
  }
  private get end(): number {
    return this.pausedAt ?? this.store.endRow;
  }
  /** Rows that arrived after the pause or the sort. */
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
   * Sorts what is listed now; later rows are excluded until the next call. `done` is called when the order is ready,
   * unless another one was chosen meanwhile. null restores the order of arrival.
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
    // The filter works in slices: wait until it has seen all rows.
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

  /** Updates the list within a slice of time. `more`: call again soon. `gone`: rows dropped at its top. */
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

  /** Number of the row at an index of the list; -1 beyond it. */
  rowAt(index: number): number {
    if (this.sorted) return this.sorted.rows[index] ?? -1;
    return this.filtered ? this.filtered.at(index) : this.store.firstRow + index;
  }

  /** Index of a row, computed in the unfiltered, unsorted list, searched in others; -1 if it is not listed. */
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
