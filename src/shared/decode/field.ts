import { hexDigits } from '../bytes/hex';
import { decodeExactText } from '../bytes/utf8';
import type { Field, RecordLayout, Storage } from '../object/model';
import type { FieldValue, RecordValue } from './model';

/**
 * Decodes one field of the record at `recordOffset`, little endian like every supported kernel, or in network byte order
 * where the field's type says so. Integers are numbers when exact, else bigint. Text ends at the first NUL, or where it is
 * `whole` with the last byte that is not 0; bytes are a copy. Data beyond `end` (by default the view's end, for short
 * records the record's own end) or beyond the length in the record's length field is decoded as 0, false, '' or no
 * elements.
 */
export function decodeField(
  view: DataView,
  recordOffset: number,
  field: Field,
  end = view.byteLength,
  whole = false,
): FieldValue {
  const at = recordOffset + field.offset;
  const { storage } = field;
  if (storage === 'text' || storage === 'bytes') {
    const stop = Math.min(at + usedSize(view, recordOffset, field, end), end);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + Math.min(at, stop), Math.max(0, stop - at));
    return storage === 'text' ? decodeExactText(bytes, 0, textEnd(bytes, whole)) : bytes.slice();
  }
  if (storage === 'array') return decodeArray(view, at, field, end);
  if (storage === 'records') return decodeElements(view, at, field, end);
  if (field.bitSize > 0) return decodeBits(view, at, field, end);
  if (at + field.size > end) return storage === 'bool' ? false : 0;
  return storage === 'bool' ? view.getUint8(at) !== 0 : decodeNumber(view, at, storage, !field.bigEndian);
}

function textEnd(bytes: Uint8Array, whole: boolean): number {
  if (whole) return bytes.findLastIndex(byte => byte !== 0) + 1;
  let end = 0;
  while (end < bytes.byteLength && bytes[end] !== 0) end++;
  return end;
}

/** Every field of a record by name, including hidden ones. */
export function decodeRecord(
  view: DataView,
  recordOffset: number,
  layout: RecordLayout,
  end = view.byteLength,
  whole = false,
): Record<string, FieldValue> {
  const record: Record<string, FieldValue> = {};
  for (const field of layout.fields) record[field.name] = decodeField(view, recordOffset, field, end, whole);
  return record;
}

/** A map's key, with its bytes as text. */
export interface DecodedKey {
  readonly id: string;
  readonly key: RecordValue;
}

/**
 * Decodes a map's key of `size` bytes. The kernel compares all of them: keys that differ behind the NUL of a text are two
 * entries, so text contains what follows it.
 */
export function decodeKey(view: DataView, start: number, layout: RecordLayout, size: number): DecodedKey {
  const end = start + size;
  return {
    id: hexDigits(bytesOf(view), '', start, Math.min(end, view.byteLength)),
    key: decodeRecord(view, start, layout, end, true),
  };
}

/**
 * Whether a record of `length` bytes matches the layout: every field is complete, except that a last field of text, bytes
 * or array may be shorter. Programs often send only the used part of such a field (as libbpf-tools' execsnoop does).
 */
export function recordFits(layout: RecordLayout, length: number): boolean {
  if (length >= layout.size) return true;
  let last: Field | null = null;
  for (const field of layout.fields) if (!last || field.offset >= last.offset) last = field;
  if (!last || !/^(text|bytes|array|records)$/.test(last.storage)) return false;
  return length >= last.offset;
}

/** Number of used bytes of a text or byte array: at most its size, 0 for a negative number (an error). */
function usedSize(view: DataView, recordOffset: number, field: Field, end: number): number {
  const { length } = field;
  const size = field.flexible ? Math.max(0, end - recordOffset - field.offset) : field.size;
  if (!length) return size;
  const at = recordOffset + length.offset;
  if (at + storedBytes(length.storage) > end) return size;
  return Math.max(0, Math.min(size, Number(decodeNumber(view, at, length.storage, !length.bigEndian))));
}

/** Size of an integer. */
function storedBytes(storage: Storage): number {
  return Number(storage.slice(1)) / 8;
}

/** A u64 as a number when exact, else a bigint. */
export function readUint64(view: DataView, at: number, littleEndian = true): number | bigint {
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  if (high < 0x200000) return high * 0x100000000 + view.getUint32(littleEndian ? at : at + 4, littleEndian);
  return view.getBigUint64(at, littleEndian);
}

function readInt64(view: DataView, at: number): number | bigint {
  const high = view.getInt32(at + 4, true);
  if (high >= -0x200000 && high < 0x200000) {
    const value = high * 0x100000000 + view.getUint32(at, true);
    if (Number.isSafeInteger(value)) return value;
  }
  return view.getBigInt64(at, true);
}

/** The kernel's network types have no sign, and none of 16 bytes. */
function decodeNumber(view: DataView, at: number, storage: Storage, littleEndian: boolean): number | bigint {
  switch (storage) {
    case 'u8':
    case 'bool':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, littleEndian);
    case 'u32':
      return view.getUint32(at, littleEndian);
    case 'u64':
      return readUint64(view, at, littleEndian);
    case 'i8':
      return view.getInt8(at);
    case 'i16':
      return view.getInt16(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'i64':
      return readInt64(view, at);
    case 'u128':
      return exact((view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true));
    case 'i128':
      return exact((view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true));
    case 'f32':
      return view.getFloat32(at, true);
    case 'f64':
      return view.getFloat64(at, true);
    default:
      return 0;
  }
}

function decodeArray(view: DataView, at: number, field: Field, end: number): (number | bigint)[] {
  const elements: (number | bigint)[] = [];
  const storage = field.elementStorage ?? 'u8';
  const count = completeElements(field, at, end);
  for (let i = 0; i < count; i++)
    elements.push(decodeNumber(view, at + i * field.elementSize, storage, !field.bigEndian));
  return elements;
}

function decodeElements(view: DataView, at: number, field: Field, end: number): RecordValue[] {
  const { element, elementSize } = field;
  if (!element) return [];
  return Array.from({ length: completeElements(field, at, end) }, (_, index) => {
    const start = at + index * elementSize;
    return decodeRecord(view, start, element, start + elementSize);
  });
}

/** How many elements of an array the record has bytes for. */
function completeElements({ count, elementSize, flexible }: Field, at: number, end: number): number {
  const there = Math.max(0, Math.floor((end - at) / elementSize));
  return flexible ? there : Math.min(count, there);
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
