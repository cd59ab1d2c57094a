import { describe, expect, it } from 'vitest';
import { decodeColumns } from '../../../src/shared/decode/columns';
import { decodeField } from '../../../src/shared/decode/field';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { diskStream, recordSpans } from '../../panels/recorded-events';

describe('columns', () => {
  const { record } = diskStream();
  const [span] = recordSpans(record, 500, 500);
  const bytes = new Uint8Array(span?.bytes ?? new ArrayBuffer(0));

  it('hold what decoding field by field gives', () => {
    // As in a frame: the span begins at an odd place.
    const framed = new Uint8Array(bytes.byteLength + 29);
    framed.set(bytes, 29);
    const whole = framed.subarray(29);
    const index = indexRingSpan(whole);
    expect(index.count).toBe(500);
    const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
    const columns = decodeColumns(whole, index, record);
    expect(columns.map(({ field }) => field)).toEqual(record.fields);
    for (const { field, values } of columns) {
      for (let i = 0; i < index.count; i++) {
        const expected = decodeField(view, index.offsets[i] ?? 0, field);
        if (typeof expected === 'number' || typeof expected === 'bigint')
          expect(Number(values[i])).toBe(Number(expected));
        else if (typeof expected === 'string') {
          const text = Buffer.from(values.buffer, i * field.size, field.size).toString();
          expect(text.split('\0')[0]).toBe(expected);
        }
      }
    }
  });

  it('have zeros where a record is too short', () => {
    const index = {
      count: 1,
      offsets: new Uint32Array([8]),
      lengths: new Uint32Array([0]),
      consumedBytes: 8,
    };
    for (const { values } of decodeColumns(bytes, index, record))
      expect([...values].every(value => Number(value) === 0)).toBe(true);
  });
});
