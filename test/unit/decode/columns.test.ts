import { describe, expect, it } from 'vitest';
import { ColumnDecoder } from '../../../src/shared/decode/columns';
import { decodeField } from '../../../src/shared/decode/field';
import { indexRingSpan, sameRecords } from '../../../src/shared/decode/ring-span';
import type { Field, RecordLayout, Storage } from '../../../src/shared/object/model';
import { diskStream, recordSpans } from '../../panels/recorded-events';
import { random } from '../random';

const INTEGERS = { u8: 1, u16: 2, u32: 4, u64: 8, i8: 1, i16: 2, i32: 4, i64: 8, bool: 1 } as const;
const DISCARD = 0x40000000;
const BUSY = 0x80000000;

function field(name: string, offset: number, storage: Storage, size: number): Field {
  return {
    name,
    label: name,
    offset,
    size,
    storage,
    bitOffset: 0,
    bitSize: 0,
    count: 1,
    elementStorage: null,
    elementSize: size,
    meaning: 'plain',
    unit: '',
    valueNames: null,
    help: '',
    hidden: false,
    typeName: '',
  };
}

/** Fields at any place, packed or not. */
function anyLayout(below: (limit: number) => number): RecordLayout {
  const fields: Field[] = [];
  let offset = 0;
  const storages = [...Object.keys(INTEGERS), 'text', 'bytes'] as (
    | keyof typeof INTEGERS
    | 'text'
    | 'bytes'
  )[];
  for (let i = 0; i < 1 + below(6); i++) {
    const storage = storages[below(storages.length)] ?? 'u32';
    const size = storage === 'text' || storage === 'bytes' ? 1 + below(20) : INTEGERS[storage];
    if (below(4) > 0) offset = Math.ceil(offset / Math.min(size, 8)) * Math.min(size, 8);
    fields.push(field(`f${i}`, offset, storage, size));
    offset += size;
  }
  return { typeName: 'any', size: offset, fields };
}

/** Records one after the other, as the kernel lays them, of random bytes, somewhere in a buffer. */
function anySpan(below: (limit: number) => number, lengths: readonly number[], flags: readonly number[]) {
  const start = below(3) === 0 ? below(32) : 8 * below(4);
  const bytes = lengths.reduce((sum, length) => sum + ((length + 15) & ~7), 0);
  const span = new Uint8Array(start + bytes).subarray(start);
  for (let i = 0; i < span.length; i++) span[i] = below(256);
  const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
  let at = 0;
  lengths.forEach((length, i) => {
    view.setUint32(at, (length | (flags[i] ?? 0)) >>> 0, true);
    at += (length + 15) & ~7;
  });
  return span;
}

/** The way that needs no explaining: field by field, record by record. */
function naively(span: Uint8Array, { fields }: RecordLayout): unknown[][] {
  const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
  const columns: unknown[][] = fields.map(() => []);
  for (let at = 0; at < span.byteLength; ) {
    const header = view.getUint32(at, true);
    if ((header & BUSY) !== 0) break;
    const length = header & 0x3fffffff;
    if ((header & DISCARD) === 0) {
      fields.forEach((one, i) => {
        const end = at + 8 + length;
        if (one.storage === 'text' || one.storage === 'bytes') {
          const whole = new Uint8Array(one.size);
          whole.set(
            span.subarray(Math.min(end, at + 8 + one.offset), Math.min(end, at + 8 + one.offset + one.size)),
          );
          columns[i]?.push([...whole]);
        } else {
          const plain = one.storage === 'bool' ? { ...one, storage: 'u8' as const } : one;
          columns[i]?.push(BigInt(decodeField(view, at + 8, plain, end) as number | bigint));
        }
      });
    }
    at += (length + 15) & ~7;
  }
  return columns;
}

function decoded(decoder: ColumnDecoder, span: Uint8Array): unknown[][] {
  const { count, columns } = decoder.ringSpan(span);
  return columns.map(({ field: { storage, size }, values }) =>
    Array.from({ length: count }, (_, i) =>
      storage === 'text' || storage === 'bytes'
        ? [...(values as Uint8Array).subarray(i * size, (i + 1) * size)]
        : BigInt(values[i] ?? 0),
    ),
  );
}

describe('columns', () => {
  it('hold what decoding field by field gives, of any layout, records of one length or of many', () => {
    const below = random(0xc01);
    for (let turn = 0; turn < 400; turn++) {
      const layout = anyLayout(below);
      const decoder = new ColumnDecoder(layout);
      // The same decoder again: nothing of the last span stays behind.
      for (let again = 0; again < 3; again++) {
        const count = below(20);
        const isEven = below(2) === 0;
        const one = below(3) === 0 ? below(layout.size + 1) : layout.size + below(9);
        const lengths = Array.from({ length: count }, () => (isEven ? one : below(layout.size + 9)));
        const flags = lengths.map(() => (isEven || below(5) > 0 ? 0 : below(4) > 0 ? DISCARD : BUSY));
        const span = anySpan(below, lengths, flags);
        expect(decoded(decoder, span)).toEqual(naively(span, layout));
      }
    }
  });

  it('are the same for an index made elsewhere, and hold the events that were recorded', () => {
    const { record } = diskStream();
    const [recorded] = recordSpans(record, 500, 500);
    // As in a frame: the span begins at an odd place.
    const framed = new Uint8Array((recorded?.bytes.byteLength ?? 0) + 29);
    framed.set(new Uint8Array(recorded?.bytes ?? new ArrayBuffer(0)), 29);
    const span = framed.subarray(29);
    const decoder = new ColumnDecoder(record);
    const byIndex = new ColumnDecoder(record).records(span, indexRingSpan(span));
    const bySpan = decoder.ringSpan(span);
    expect(bySpan.count).toBe(500);
    expect(byIndex).toEqual(bySpan);
    expect(bySpan.columns.map(column => column.field)).toEqual(record.fields);
    const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
    const { offsets } = indexRingSpan(span);
    for (const { field: one, values } of bySpan.columns) {
      for (let i = 0; i < 500; i++) {
        const expected = decodeField(view, offsets[i] ?? 0, one);
        if (typeof expected === 'number' || typeof expected === 'bigint')
          expect(Number(values[i])).toBe(Number(expected));
      }
    }
  });

  it('have zeros where a record is too short', () => {
    const { record } = diskStream();
    const bytes = new Uint8Array(64).fill(255);
    const index = {
      count: 1,
      offsets: new Uint32Array([8]),
      lengths: new Uint32Array([0]),
    };
    for (const { values } of new ColumnDecoder(record).records(bytes, index).columns)
      expect([...values].every(value => Number(value) === 0)).toBe(true);
  });

  it('use their memory again', () => {
    const { record } = diskStream();
    const decoder = new ColumnDecoder(record);
    const spans = recordSpans(record, 1000, 500).map(({ bytes }) => new Uint8Array(bytes));
    const buffers = spans.map(span => decoder.ringSpan(span).columns.map(({ values }) => values.buffer));
    expect(buffers[1]?.every((buffer, i) => buffer === buffers[0]?.[i])).toBe(true);
  });
});

describe('spans of records of one length', () => {
  it('are known, and others are not taken for them', () => {
    const below = random(7);
    const even = anySpan(() => 0, [24, 24, 24], []);
    expect(sameRecords(even)).toEqual({ count: 3, length: 24, stride: 32 });
    expect(sameRecords(anySpan(() => 0, [24, 24, 32], []))).toBeNull();
    expect(sameRecords(anySpan(() => 0, [24, 24, 24], [0, DISCARD, 0]))).toBeNull();
    expect(sameRecords(anySpan(() => 0, [24, 24, 24], [0, 0, BUSY]))).toBeNull();
    expect(sameRecords(anySpan(() => 0, [24, 24, 24], [DISCARD, DISCARD, DISCARD]))).toBeNull();
    expect(sameRecords(even.subarray(0, 95))).toBeNull();
    expect(sameRecords(new Uint8Array(0))).toBeNull();
    // Lengths that differ but have the same stride are not the same.
    expect(sameRecords(anySpan(below, [23, 24], []))).toBeNull();
  });
});
