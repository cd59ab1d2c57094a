import { decodeCString } from '../bytes/utf8';
import type { Field, RecordLayout, Storage } from '../object/model';
import type { FieldValue } from './model';

/**
 * Decodes one field of the record at `recordOffset`, little endian like every supported kernel. Integers are numbers when
 * exact, else bigint. Text ends at the first NUL; bytes are a copy. Data beyond `end` (by default the view's end, for short
 * records the record's own end) or beyond the length in the record's length field is decoded as 0, false, '' or no
 * elements.
 */
export function decodeField(
  view: DataView,
  recordOffset: number,
  field: Field,
  end = view.byteLength,
): FieldValue {
  const at = recordOffset + field.offset;
  const { storage } = field;
  if (storage === 'text' || storage === 'bytes') {
    const stop = Math.min(at + usedSize(view, recordOffset, field, end), end);
    return storage === 'text'
      ? decodeCString(bytesOf(view), Math.min(at, stop), stop)
      : bytesOf(view).slice(Math.min(at, stop), stop);
  }
  if (storage === 'array') return decodeArray(view, at, field, end);
  if (field.bitSize > 0) return decodeBits(view, at, field, end);
  if (at + field.size > end) return storage === 'bool' ? false : 0;
  return storage === 'bool' ? view.getUint8(at) !== 0 : decodeInteger(view, at, storage);
}

/** Every field of a record by name, including hidden ones. */
export function decodeRecord(
  view: DataView,
  recordOffset: number,
  layout: RecordLayout,
  end = view.byteLength,
): Record<string, FieldValue> {
  const record: Record<string, FieldValue> = {};
  for (const field of layout.fields) record[field.name] = decodeField(view, recordOffset, field, end);
  return record;
}

/**
 * Whether a record of `length` bytes matches the layout: every field is complete, except that a last field of text, bytes
 * or array may be shorter. Programs often send only the used part of such a field (as libbpf-tools' execsnoop does).
 */
export function recordFits(layout: RecordLayout, length: number): boolean {
  if (length >= layout.size) return true;
  let last: Field | null = null;
  for (const field of layout.fields) if (!last || field.offset >= last.offset) last = field;
  if (!last || (last.storage !== 'text' && last.storage !== 'bytes' && last.storage !== 'array'))
    return false;
  return length >= last.offset;
}

/** Number of used bytes of a text or byte array: at most its size, 0 for a negative number (an error). */
function usedSize(view: DataView, recordOffset: number, { size, length }: Field, end: number): number {
  if (!length) return size;
  const at = recordOffset + length.offset;
  if (at + storedBytes(length.storage) > end) return size;
  return Math.max(0, Math.min(size, Number(decodeInteger(view, at, length.storage))));
}

/** Size of an integer. */
function storedBytes(storage: Storage): number {
  return Number(storage.slice(1)) / 8;
}

/** A u64 as a number when exact, else a bigint. */
export function readUint64(view: DataView, at: number): number | bigint {
  const high = view.getUint32(at + 4, true);
  if (high < 0x200000) return high * 0x100000000 + view.getUint32(at, true);
  return view.getBigUint64(at, true);
}

function readInt64(view: DataView, at: number): number | bigint {
  const high = view.getInt32(at + 4, true);
  if (high >= -0x200000 && high < 0x200000) {
    const value = high * 0x100000000 + view.getUint32(at, true);
    if (Number.isSafeInteger(value)) return value;
  }
  return view.getBigInt64(at, true);
}

function decodeInteger(view: DataView, at: number, storage: Storage): number | bigint {
  switch (storage) {
    case 'u8':
    case 'bool':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'u32':
      return view.getUint32(at, true);
    case 'u64':
      return readUint64(view, at);
    case 'i8':
      return view.getInt8(at);
    case 'i16':
      return view.getInt16(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'i64':
      return readInt64(view, at);
    default:
      return 0;
  }
}

function decodeArray(view: DataView, at: number, field: Field, end: number): (number | bigint)[] {
  const elements: (number | bigint)[] = [];
  const storage = field.elementStorage ?? 'u8';
  for (let i = 0; i < field.count; i++) {
    const element = at + i * field.elementSize;
    if (element + field.elementSize > end) break;
    elements.push(decodeInteger(view, element, storage));
  }
  return elements;
}

/** Bit fields fill their storage unit from the least significant bit on little-endian machines. */
function decodeBits(view: DataView, at: number, field: Field, end: number): number | bigint | boolean {
  const bytes = Math.ceil((field.bitOffset + field.bitSize) / 8);
  let unit = 0n;
  for (let i = bytes - 1; i >= 0; i--) unit = (unit << 8n) | BigInt(at + i < end ? view.getUint8(at + i) : 0);
  const bits = unit >> BigInt(field.bitOffset);
  if (field.storage === 'bool') return (bits & 1n) === 1n;
  const value = field.storage.startsWith('i')
    ? BigInt.asIntN(field.bitSize, bits)
    : BigInt.asUintN(field.bitSize, bits);
  return exact(value);
}

/** A number when exact, else the bigint. */
export function exact(value: bigint): number | bigint {
  return value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn ? Number(value) : value;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
