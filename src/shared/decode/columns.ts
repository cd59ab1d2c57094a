import type { Field, RecordLayout } from '../object/model';
import type { RecordIndex } from './ring-span';

/** The values of one field over many records, `values[i]` of record i; integers as wide as they are stored. */
export interface Column {
  readonly field: Field;
  /** Anything but plain integers (text, bytes, arrays, bit fields): `field.size` bytes a record. */
  readonly values:
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | BigUint64Array
    | Int8Array
    | Int16Array
    | Int32Array
    | BigInt64Array;
}

/**
 * Decodes whole columns at once, without an object, a bigint or a call per value. Records too short for a field have
 * zeros there. Little endian, as every kernel we can run on.
 */
export function decodeColumns(bytes: Uint8Array, index: RecordIndex, layout: RecordLayout): Column[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return layout.fields.map(field => ({ field, values: decodeColumn(bytes, view, index, field) }));
}

function decodeColumn(
  bytes: Uint8Array,
  view: DataView,
  { count, offsets, lengths }: RecordIndex,
  field: Field,
): Column['values'] {
  const { offset, size } = field;
  const end = offset + size;
  switch (field.bitSize > 0 ? 'bytes' : field.storage) {
    case 'u64':
    case 'i64': {
      // Halves: a bigint per value would cost more than everything else here.
      const words = new Uint32Array(2 * count);
      for (let i = 0; i < count; i++) {
        if ((lengths[i] ?? 0) < end) continue;
        const at = (offsets[i] ?? 0) + offset;
        words[2 * i] = view.getUint32(at, true);
        words[2 * i + 1] = view.getUint32(at + 4, true);
      }
      return field.storage === 'u64' ? new BigUint64Array(words.buffer) : new BigInt64Array(words.buffer);
    }
    case 'u32':
    case 'i32': {
      const values = field.storage === 'u32' ? new Uint32Array(count) : new Int32Array(count);
      for (let i = 0; i < count; i++)
        if ((lengths[i] ?? 0) >= end) values[i] = view.getInt32((offsets[i] ?? 0) + offset, true);
      return values;
    }
    case 'u16':
    case 'i16': {
      const values = field.storage === 'u16' ? new Uint16Array(count) : new Int16Array(count);
      for (let i = 0; i < count; i++)
        if ((lengths[i] ?? 0) >= end) values[i] = view.getInt16((offsets[i] ?? 0) + offset, true);
      return values;
    }
    case 'u8':
    case 'bool':
    case 'i8': {
      const values = field.storage === 'i8' ? new Int8Array(count) : new Uint8Array(count);
      for (let i = 0; i < count; i++)
        if ((lengths[i] ?? 0) >= end) values[i] = view.getInt8((offsets[i] ?? 0) + offset);
      return values;
    }
    default: {
      const values = new Uint8Array(count * size);
      for (let i = 0; i < count; i++) {
        const from = (offsets[i] ?? 0) + offset;
        const to = (offsets[i] ?? 0) + Math.min(end, lengths[i] ?? 0);
        if (to > from) values.set(bytes.subarray(from, to), i * size);
      }
      return values;
    }
  }
}
