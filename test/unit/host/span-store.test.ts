import { describe, expect, it } from 'vitest';
import { type Span, SpanStore } from '../../../src/host/sessions/span-store';

const span = (fill: number, size: number, atMs: number, lost = 0): Span => ({
  bytes: new Uint8Array(size).fill(fill),
  records: 1,
  lost,
  atMs,
});

describe('event store', () => {
  it('keeps what arrived, in order, byte for byte', () => {
    const store = new SpanStore(1 << 20);
    expect(store.push(span(1, 8, 0))).toBe(0);
    expect(store.push(span(2, 8, 10))).toBe(0);
    expect(store.push(span(3, 8, 5_000))).toBe(0);
    const kept = store.kept();
    expect(Buffer.concat(kept.map(each => each.bytes))).toEqual(
      Buffer.concat([1, 2, 3].map(fill => Buffer.alloc(8, fill))),
    );
    expect(kept.map(each => each.records)).toEqual([2, 1]);
  });

  it('never merges across a loss, so the loss keeps its place', () => {
    const store = new SpanStore(1 << 20);
    store.push(span(1, 8, 0));
    store.push(span(2, 8, 1, 7));
    expect(store.kept().map(each => each.lost)).toEqual([0, 7]);
  });

  it('never merges where the next record would not begin at a multiple of 8', () => {
    const store = new SpanStore(1 << 20);
    store.push(span(1, 12, 0));
    store.push(span(2, 8, 1));
    expect(store.kept().map(each => each.bytes.byteLength)).toEqual([12, 8]);
  });

  it('stays under its limit, and counts every record that left', () => {
    const limit = 1 << 20;
    const store = new SpanStore(limit);
    let evicted = 0;
    const pushed = 5_000;
    for (let i = 0; i < pushed; i++) {
      evicted += store.push(span(i & 0xff, 4096, i * 1000));
      expect(store.bytes).toBeLessThanOrEqual(limit);
    }
    const kept = store.kept();
    expect(evicted + kept.length).toBe(pushed);
    expect(kept.length).toBeGreaterThan(200);
    expect(kept.at(-1)?.bytes[0]).toBe((pushed - 1) & 0xff);
  });

  it('does not keep a span that is over the limit by itself', () => {
    const store = new SpanStore(1024);
    expect(store.push(span(1, 4096, 0))).toBe(1);
    expect(store.kept()).toEqual([]);
    expect(store.push(span(2, 8, 1))).toBe(0);
    expect(store.kept()).toHaveLength(1);
  });
});
