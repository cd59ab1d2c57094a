import { describe, expect, it } from 'vitest';
import { jsonLine } from '../../../src/cli/print/json';
import { JsonRecords } from '../../../src/cli/print/json-records';
import { decodeRecord, recordFits } from '../../../src/shared/decode/field';
import { jsonRecord } from '../../../src/shared/decode/json-value';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import type { Field, RecordLayout, Storage } from '../../../src/shared/object/model';
import { plainField } from '../plain-field';
import { random } from '../random';

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8, i8: 1, i16: 2, i32: 4, i64: 8, bool: 1 } as const;
const STORAGES = [...Object.keys(SIZES), 'text', 'bytes', 'array'] as Storage[];
/** What integers and texts are most likely to go wrong with. */
const BYTES = [0, 0, 1, 9, 10, 0x1f, 0x20, 0x22, 0x41, 0x5c, 0x7e, 0x7f, 0x80, 0x9b, 0xe2, 0xff];

function anyLayout(below: (limit: number) => number): RecordLayout {
  let offset = 0;
  const fields = Array.from({ length: 1 + below(6) }, (_, index): Field => {
    const storage = STORAGES[below(STORAGES.length)] ?? 'u32';
    const count = storage === 'array' ? 1 + below(4) : 1;
    const size =
      storage === 'array'
        ? 8 * count
        : storage in SIZES
          ? SIZES[storage as keyof typeof SIZES]
          : 1 + below(20);
    const at = offset;
    offset += size;
    const isBits = storage.startsWith('u') && below(5) === 0;
    return plainField(`f${index}${below(4) === 0 ? '.\u202eé' : ''}`, {
      storage,
      offset: at,
      size,
      count,
      ...(storage === 'array' ? { elementStorage: below(2) === 0 ? 'u64' : 'i64', elementSize: 8 } : {}),
      ...(storage === 'u32' && below(3) === 0 ? { meaning: 'ipv4' as const, bigEndian: true as const } : {}),
      ...(storage === 'u16' && below(3) === 0 ? { bigEndian: true as const } : {}),
      ...(storage === 'u8' && below(3) === 0
        ? { meaning: 'enum' as const, valueNames: { '1': 'NAME_OF_A_CONSTANT'.repeat(9) } }
        : {}),
      ...(isBits ? { bitOffset: below(4), bitSize: 1 + below(4) } : {}),
      ...(storage === 'text' && index > 0 && below(3) === 0
        ? { length: { name: 'f0', offset: 0, storage: 'u8' as const } }
        : {}),
    });
  });
  return { typeName: 'any', size: offset, fields };
}

function anySpan(below: (limit: number) => number, layout: RecordLayout): Uint8Array {
  const lengths = Array.from({ length: below(30) }, () =>
    below(4) === 0 ? below(layout.size + 9) : layout.size,
  );
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + ((length + 15) & ~7), 0));
  let at = 0;
  for (const length of lengths) {
    new DataView(bytes.buffer).setUint32(at, length, true);
    for (let i = 0; i < length; i++)
      bytes[at + 8 + i] = below(3) === 0 ? below(256) : (BYTES[below(BYTES.length)] ?? 0);
    at += (length + 15) & ~7;
  }
  return bytes;
}

describe('lines written from bytes', () => {
  it('equal JSON of the decoded record, for any layout and any bytes', () => {
    const below = random(0x15);
    for (let turn = 0; turn < 1000; turn++) {
      const layout = anyLayout(below);
      const span = anySpan(below, layout);
      const stream = below(2) === 0 ? 'events' : 'a"\u001b\n';
      const index = indexRingSpan(span);
      const view = new DataView(span.buffer);
      let written = '';
      let expected = '';
      const records = JsonRecords.of(stream, layout, bytes => {
        written += new TextDecoder().decode(bytes);
      });
      records?.records(view, index, record => {
        written += `other ${record}\n`;
      });
      for (let record = 0; record < index.count; record++) {
        const offset = index.offsets[record] ?? 0;
        const length = index.lengths[record] ?? 0;
        const data = decodeRecord(view, offset, layout, offset + length);
        expected += recordFits(layout, length)
          ? `${jsonLine({ type: 'event', stream, data: jsonRecord(data, layout) })}\n`
          : `other ${record}\n`;
      }
      expect(written).toBe(expected);
    }
  });

  it('write integers at their limits as JSON does', () => {
    const values = [
      0n,
      9n,
      10n,
      0xffffffffn,
      0x100000000n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ];
    const fields = [plainField('u', { storage: 'u64' }), plainField('i', { storage: 'i64' })];
    const layout = { typeName: 't', size: 8, fields };
    for (const value of [...values, ...values.map(each => BigInt.asUintN(64, -each))]) {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, value, true);
      let written = '';
      const index = { count: 1, offsets: Uint32Array.of(0), lengths: Uint32Array.of(8) };
      JsonRecords.of('s', layout, bytes => {
        written += new TextDecoder().decode(bytes);
      })?.records(view, index, () => expect.unreachable());
      expect(written.trimEnd()).toBe(
        jsonLine({ type: 'event', stream: 's', data: decodeRecord(view, 0, layout) }),
      );
    }
  });

  it('are not for names that an object would order, replace or lose', () => {
    const of = (...names: string[]) =>
      JsonRecords.of(
        's',
        { typeName: 't', size: 8, fields: names.map(name => plainField(name)) },
        () => undefined,
      );
    expect(of('a', 'b')).not.toBeNull();
    expect(of('a', 'a')).toBeNull();
    expect(of('1', 'a')).toBeNull();
    expect(of('__proto__')).toBeNull();
  });
});
