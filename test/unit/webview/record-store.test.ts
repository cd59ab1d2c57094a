import { describe, expect, it } from 'vitest';
import { indexRingSpan, sameRecords } from '../../../src/shared/decode/ring-span';
import { EventStream } from '../../../webview/events/event-stream';
import { FilteredRows } from '../../../webview/events/filtered-rows';
import { createReader, indexLines } from '../../../webview/events/record-reader';
import { RecordStore } from '../../../webview/events/record-store';
import { sortRows } from '../../../webview/events/sort-rows';
import { plainField, ringSpanOf as span } from '../plain-field';
import { random } from '../random';

const field = plainField('value');
const reader = createReader(
  { stream: 's', label: 's', content: 'ring', record: { typeName: 'r', size: 8, fields: [field] } },
  new Map(),
);
const valueAt = (store: RecordStore, row: number) => {
  const found = store.row(row);
  return found?.kind === 'record' ? reader.value(found.view, found.offset, found.length, field) : found;
};

describe('record store', () => {
  it('keeps small spans together and finds every record and every loss', () => {
    const store = new RecordStore(indexRingSpan, 1 << 24);
    for (let at = 0; at < 5000; at++) store.push(span([at]), at === 3000 ? 9 : 0, at);
    expect(store.endRow).toBe(5001);
    expect(store.records).toBe(5000);
    expect(valueAt(store, 2999)).toBe(2999);
    expect(valueAt(store, 3000)).toEqual({ kind: 'lost', lost: 9, atMs: 3000 });
    expect(valueAt(store, 3001)).toBe(3000);
    expect(valueAt(store, 5000)).toBe(4999);
    expect(store.keptBytes).toBeLessThan(1 << 20);
  });
  it('is the same where the places of records of one length are not kept', () => {
    const below = random(0x57035);
    const kept = new RecordStore(indexRingSpan, 3 << 20);
    const even = new RecordStore(indexRingSpan, 1 << 30, sameRecords);
    let value = 0;
    for (let at = 0; at < 60; at++) {
      const records = below(3) === 0 ? 1 + below(20) : 4096 + below(5000);
      const bytes = span(Array.from({ length: records }, () => value++));
      // Not of one length: the last one is shorter.
      if (below(4) === 0) new DataView(bytes.buffer).setUint32(bytes.byteLength - 16, 4, true);
      const lost = below(3) === 0 ? 1 + below(9) : 0;
      expect(even.push(bytes.slice(), lost, at)).toBe(kept.push(bytes, lost, at));
    }
    expect(kept.firstRow).toBeGreaterThan(0);
    expect(even).toMatchObject({ firstRow: 0, endRow: kept.endRow, records: kept.records, lost: kept.lost });
    const rowOf = (store: RecordStore, row: number) => {
      const found = store.row(row);
      if (found?.kind !== 'record') return found;
      const { view, offset, length, atMs } = found;
      return { value: view.getBigUint64(offset, true), length, atMs };
    };
    const scanned = (store: RecordStore) => {
      const rows: unknown[] = [];
      store.scan(kept.firstRow, kept.endRow, (row, view, offset, length) =>
        rows.push([row, offset < 0 ? null : view.getUint32(offset, true), length]),
      );
      return rows;
    };
    expect(scanned(even)).toEqual(scanned(kept));
    for (let turn = 0; turn < 2000; turn++) {
      const row = kept.firstRow + below(kept.endRow - kept.firstRow);
      expect(rowOf(even, row)).toEqual(rowOf(kept, row));
      const before = kept.recordsBefore(row);
      expect(even.recordsBefore(row)).toBe(before);
      expect(even.rowAfter(before)).toBe(kept.rowAfter(before));
    }
    expect(even.keptBytes / even.endRow).toBeLessThan(kept.keptBytes / (kept.endRow - kept.firstRow));
  });
  it('drops the oldest at the limit and keeps row numbers', () => {
    const store = new RecordStore(indexRingSpan, 1 << 20);
    const values = Array.from({ length: 8192 }, (_, index) => index);
    for (let at = 0; at < 20; at++) store.push(span(values), 0, at);
    expect(store.keptBytes).toBeLessThanOrEqual(1 << 20);
    expect(store.firstRow).toBeGreaterThan(0);
    expect(store.row(store.firstRow - 1)).toBeNull();
    expect(valueAt(store, store.endRow - 1)).toBe(8191);
    expect(valueAt(store, store.firstRow)).toBe(0);
  });
  it('numbers on from what the host had let go before the page was there', () => {
    const store = new RecordStore(indexRingSpan, 1 << 20);
    store.evict(700);
    store.push(span([1, 2]), 0, 0);
    expect([store.firstRow, store.endRow, store.records]).toEqual([700, 702, 702]);
    expect(valueAt(store, 701)).toBe(2);
  });
  it('filters and sorts what it holds', async () => {
    const store = new RecordStore(indexRingSpan, 1 << 26);
    const values = Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 10_007);
    store.push(span(values.slice(0, 12_345)), 0, 0);
    store.push(span(values.slice(12_345)), 5, 0);
    const even = new FilteredRows(store, reader, value => Number(value(0)) % 2 === 0);
    while (!even.advance(store.endRow));
    expect(even.length).toBe(values.filter(value => value % 2 === 0).length + 1);
    const sorted = await sortRows(store, reader, field, true, even, () => false);
    const shown = Array.from(sorted ?? [], row => Number(valueAt(store, row)));
    expect(shown).toEqual(values.filter(value => value % 2 === 0).sort((a, b) => b - a));
  });
  it('finds a record by how many came before it, also in a store that never had the losses before it', () => {
    const whole = new RecordStore(indexRingSpan, 1 << 20);
    whole.push(span([0, 1]), 0, 0);
    whole.push(span([2, 3, 4]), 6, 0);
    whole.push(span([5]), 2, 0);
    expect([0, 2, 3, 6, 7, 8].map(row => whole.recordsBefore(row))).toEqual([0, 2, 2, 5, 5, 6]);
    expect([0, 2, 4, 5, 6, 9].map(records => whole.rowAfter(records))).toEqual([0, 3, 5, 7, 8, 8]);
    const later = new RecordStore(indexRingSpan, 1 << 20);
    later.evict(2);
    later.push(span([2, 3, 4]), 0, 0);
    later.push(span([5]), 2, 0);
    expect([0, 2, 4, 5, 6].map(records => later.rowAfter(records))).toEqual([2, 2, 4, 6, 7]);
    expect([2, 5, 6].map(row => later.recordsBefore(row))).toEqual([2, 5, 5]);
    for (const records of [2, 3, 4, 5])
      expect(valueAt(later, later.rowAfter(records))).toBe(valueAt(whole, whole.rowAfter(records)));
  });
  it('splits printk lines', () => {
    const lines = indexLines(new TextEncoder().encode('one\n\ntwo'));
    expect([lines.count, [...Array.from(lines.offsets)], [...Array.from(lines.lengths)]]).toEqual([
      2,
      [0, 5],
      [3, 3],
    ]);
  });
});

describe('event stream', () => {
  const stream = (limitBytes = 1 << 26) =>
    new EventStream(
      { stream: 's', label: 's', content: 'ring', record: { typeName: 'r', size: 8, fields: [field] } },
      limitBytes,
      new Map(),
    );
  const listed = (of: EventStream) =>
    Array.from({ length: of.length }, (_, index) => valueAt(of.store, of.rowAt(index)));

  it('is paused again where it was, whatever came since', () => {
    const before = stream();
    before.push(span([0, 1, 2]).buffer, 0, 0);
    before.pause(true);
    before.push(span([3]).buffer, 4, 0);
    expect([listed(before), before.newer, before.heldRecords]).toEqual([[0, 1, 2], 2, 3]);
    const after = stream();
    // The host sends what came in small spans as one.
    after.push(span([0, 1, 2]).buffer, 0, 0);
    after.push(span([3, 4]).buffer, 4, 0);
    after.holdAt(before.heldRecords ?? -1);
    expect([listed(after), after.paused, after.newer]).toEqual([[0, 1, 2], true, 3]);
    after.pause(false);
    expect(after.length).toBe(6);
  });

  it('reports how many newer rows there are, without those that left again', () => {
    const small = stream(1 << 20);
    small.push(span([0]).buffer, 0, 0);
    small.pause(true);
    const values = Array.from({ length: 8192 }, (_, index) => index);
    for (let at = 0; at < 20; at++) small.push(span(values).buffer, 0, 0);
    expect(small.store.firstRow).toBeGreaterThan(1);
    expect([small.length, small.newer]).toEqual([0, small.store.endRow - small.store.firstRow]);
  });

  it('sorts all that a filter passes, not only what one slice of time finds', async () => {
    const large = stream(1 << 28);
    const values = Array.from({ length: 400_000 }, (_, index) => (index * 7919) % 100_003);
    large.push(span(values).buffer, 0, 0);
    large.filter(value => Number(value(0)) % 2 === 0);
    await new Promise<void>(resolve => large.sort(field, true, resolve));
    expect(large.length).toBe(values.filter(value => value % 2 === 0).length);
    expect(listed(large).slice(0, 3)).toEqual([100_002, 100_002, 100_002]);
    expect(large.newer).toBe(0);
  });
});
