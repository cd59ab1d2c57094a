import { describe, expect, it } from 'vitest';
import { indexPerfRecords } from '../../../src/shared/decode/perf-records';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { random } from '../random';

const BUSY = 0x80000000;
const DISCARD = 0x40000000;

/** Records as kernel/bpf/ringbuf.c lays them: header, data of the byte given, padding. */
function ring(...records: readonly { length: number; flags?: number; fill?: number }[]): Uint8Array {
  const total = records.reduce((sum, { length }) => sum + Math.ceil((8 + length) / 8) * 8, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { length, flags = 0, fill = 0 } of records) {
    view.setUint32(at, (length | flags) >>> 0, true);
    bytes.fill(fill, at + 8, at + 8 + length);
    at += Math.ceil((8 + length) / 8) * 8;
  }
  return bytes;
}

describe('ring buffer spans', () => {
  it('indexes committed records, skips discarded ones and stops at a busy one', () => {
    const bytes = ring(
      { length: 5, fill: 1 },
      { length: 16, flags: DISCARD },
      { length: 24, fill: 2 },
      { length: 8, flags: BUSY },
      { length: 8 },
    );
    const index = indexRingSpan(bytes);
    expect(index.count).toBe(2);
    expect([...index.offsets]).toEqual([8, 48]);
    expect([...index.lengths]).toEqual([5, 24]);
    expect(bytes[index.offsets[1] ?? 0]).toBe(2);
  });

  it('works on a view that begins anywhere and copies nothing', () => {
    const outer = new Uint8Array(100);
    outer.set(ring({ length: 8, fill: 7 }), 12);
    const index = indexRingSpan(outer.subarray(12, 28));
    expect([...index.offsets]).toEqual([8]);
    expect([...index.lengths]).toEqual([8]);
  });

  it('takes a last record without its padding, and none that is cut off', () => {
    const bytes = ring({ length: 8 }, { length: 5 });
    expect(indexRingSpan(bytes.subarray(0, 29)).count).toBe(2);
    expect(indexRingSpan(bytes.subarray(0, 28))).toMatchObject({ count: 1 });
    expect(indexRingSpan(bytes.subarray(0, 20)).count).toBe(1);
    expect(indexRingSpan(new Uint8Array(0)).count).toBe(0);
  });

  it('finds all of many short records after a long one', () => {
    const short = Array.from({ length: 300 }, () => ({ length: 8 }));
    const index = indexRingSpan(ring({ length: 2000 }, ...short));
    expect(index.count).toBe(301);
    expect([...index.lengths]).toEqual([2000, ...short.map(({ length }) => length)]);
    expect([...index.offsets]).toEqual([8, ...short.map((_, i) => 2008 + 16 * i + 8)]);
  });

  it('finds the same records whether all have one length or not, at any place in their memory', () => {
    const below = random(0xc01);
    for (let turn = 0; turn < 500; turn++) {
      const isEven = below(2) === 0;
      const one = below(40);
      const records = Array.from({ length: below(20) }, () => ({
        length: isEven ? one : below(40),
        flags: isEven && below(10) > 0 ? 0 : ([0, 0, 0, DISCARD, BUSY][below(5)] ?? 0),
      }));
      const bytes = ring(...records);
      const place = below(9);
      const outer = new Uint8Array(place + bytes.byteLength);
      outer.set(bytes, place);
      const busy = records.findIndex(({ flags }) => flags === BUSY);
      const expected = (busy < 0 ? records : records.slice(0, busy)).filter(({ flags }) => flags === 0);
      const index = indexRingSpan(outer.subarray(place));
      expect(index.count).toBe(expected.length);
      expect([...index.lengths]).toEqual(expected.map(({ length }) => length));
      const view = new DataView(bytes.buffer);
      for (const [i, offset] of index.offsets.entries())
        expect(view.getUint32(offset - 8, true)).toBe(expected[i]?.length);
    }
  });

  it('refuses lengths beyond the span', () => {
    const bytes = ring({ length: 8 });
    new DataView(bytes.buffer).setUint32(0, 0x3fffffff, true);
    expect(indexRingSpan(bytes)).toMatchObject({ count: 0 });
  });
});

describe('perf records', () => {
  it('indexes records and stops before one that is cut off', () => {
    const bytes = new Uint8Array(8 + 8 + 8 + 16 + 8 + 4);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 3, true);
    view.setUint32(4, 4, true);
    view.setUint32(16, 1, true);
    view.setUint32(20, 12, true);
    view.setUint32(40, 2, true);
    view.setUint32(44, 0xfffffff8, true);
    const index = indexPerfRecords(bytes);
    expect(index.count).toBe(2);
    expect([...index.offsets]).toEqual([8, 24]);
    expect([...index.lengths]).toEqual([4, 12]);
  });
});
