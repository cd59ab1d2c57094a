import { describe, expect, it } from 'vitest';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import type { Field } from '../../../src/shared/object/model';
import { createReader, indexLines } from '../../../webview/events/reader';
import { FilteredRows, sortRows } from '../../../webview/events/rows';
import { EventStore } from '../../../webview/events/store';

/** Records of one u64 each, as they lie in a ring buffer. */
function span(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 16));
  values.forEach((value, index) => {
    view.setUint32(index * 16, 8, true);
    view.setBigUint64(index * 16 + 8, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}
const field: Field = {
  name: 'value',
  label: 'value',
  offset: 0,
  size: 8,
  storage: 'u64',
  bitOffset: 0,
  bitSize: 0,
  count: 1,
  elementStorage: null,
  elementSize: 0,
  meaning: 'plain',
  unit: '',
  valueNames: null,
  help: '',
  hidden: false,
  typeName: '__u64',
};
const reader = createReader(
  { stream: 's', label: 's', content: 'ring', record: { typeName: 'r', size: 8, fields: [field] } },
  new Map(),
);
const valueAt = (store: EventStore, row: number) => {
  const found = store.row(row);
  return found?.kind === 'record' ? reader.value(found.view, found.offset, found.length, field) : found;
};

describe('event store', () => {
  it('keeps small spans together and finds every record and every loss', () => {
    const store = new EventStore(indexRingSpan, 1 << 24);
    for (let at = 0; at < 5000; at++) store.push(span([at]), at === 3000 ? 9 : 0, at);
    expect(store.endRow).toBe(5001);
    expect(store.records).toBe(5000);
    expect(valueAt(store, 2999)).toBe(2999);
    expect(valueAt(store, 3000)).toEqual({ kind: 'lost', lost: 9, atMs: 3000 });
    expect(valueAt(store, 3001)).toBe(3000);
    expect(valueAt(store, 5000)).toBe(4999);
    expect(store.keptBytes).toBeLessThan(1 << 20);
  });
  it('lets the oldest go at the limit and keeps row numbers', () => {
    const store = new EventStore(indexRingSpan, 1 << 20);
    const values = Array.from({ length: 8192 }, (_, index) => index);
    for (let at = 0; at < 20; at++) store.push(span(values), 0, at);
    expect(store.keptBytes).toBeLessThanOrEqual(1 << 20);
    expect(store.firstRow).toBeGreaterThan(0);
    expect(store.row(store.firstRow - 1)).toBeNull();
    expect(valueAt(store, store.endRow - 1)).toBe(8191);
    expect(valueAt(store, store.firstRow)).toBe(0);
  });
  it('numbers on from what the host had let go before the page was there', () => {
    const store = new EventStore(indexRingSpan, 1 << 20);
    store.evict(700);
    store.push(span([1, 2]), 0, 0);
    expect([store.firstRow, store.endRow, store.records]).toEqual([700, 702, 702]);
    expect(valueAt(store, 701)).toBe(2);
  });
  it('filters and sorts what it holds', async () => {
    const store = new EventStore(indexRingSpan, 1 << 26);
    const values = Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 10_007);
    store.push(span(values.slice(0, 12_345)), 0, 0);
    store.push(span(values.slice(12_345)), 5, 0);
    const even = new FilteredRows(store, reader, value => Number(value(0)) % 2 === 0);
    while (!even.advance(store.endRow));
    expect(even.length).toBe(values.filter(value => value % 2 === 0).length + 1);
    const sorted = await sortRows(store, reader, field, true, even, () => false);
    const shown = Array.from(sorted?.rows ?? [], row => Number(valueAt(store, row)));
    expect(shown).toEqual(values.filter(value => value % 2 === 0).sort((a, b) => b - a));
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
