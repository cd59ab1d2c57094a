import type { Field, RecordLayout } from '../object/model';
import { indexRingSpan, type RecordIndex, sameRecords } from './ring-span';

/** The values of one field in many records, `values[i]` is record i's; integers are as wide as they are stored. */
export interface Column {
  readonly field: Field;
  /** For everything but plain integers (text, bytes, arrays, bit fields): `field.size` bytes per record. */
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

export interface Columns {
  /** Number of records, and of elements in each column of integers. */
  readonly count: number;
  /** One for each field of the layout, in its order. */
  readonly columns: readonly Column[];
}

const HEADER_BYTES = 8;

/**
 * Decodes whole columns at once, without an object, a bigint or a call per value, into reused memory: for a steady stream
 * no allocation grows with its records. Columns are valid until the next call. Records too short for a field have zeros
 * there. Little endian, like every supported kernel.
 */
export class ColumnDecoder {
  private readonly targets: readonly Target[];
  /** The record length at which all fields are complete. */
  private readonly end: number;
  /** An 8-byte-aligned copy of a span that is not aligned, as the loops require. */
  private aligned = new Uint8Array(0);

  constructor(layout: RecordLayout) {
    this.targets = layout.fields.map(field => new Target(field));
    this.end = Math.max(0, ...this.targets.map(target => target.end));
  }

  /** Decodes bytes of a ring buffer, see indexRingSpan. */
  ringSpan(span: Uint8Array): Columns {
    const bytes = this.align(span);
    const same = sameRecords(bytes);
    if (!same || same.length < this.end) return this.decode(bytes, indexRingSpan(bytes));
    const { count, stride } = same;
    const words = wordsOf(bytes);
    const columns = this.targets.map(target => {
      target.reserve(count);
      target.fillEvenly(bytes, words, count, stride);
      return target.column(count);
    });
    return { count, columns };
  }

  /** Decodes the records of an index, of ring or perf buffers. */
  records(bytes: Uint8Array, index: RecordIndex): Columns {
    return this.decode(this.align(bytes), index);
  }

  private decode(bytes: Uint8Array, index: RecordIndex): Columns {
    const columns = this.targets.map(target => {
      target.reserve(index.count);
      target.fill(bytes, index);
      return target.column(index.count);
    });
    return { count: index.count, columns };
  }

  private align(bytes: Uint8Array): Uint8Array {
    if ((bytes.byteOffset & 7) === 0) return bytes;
    if (this.aligned.byteLength < bytes.byteLength) this.aligned = new Uint8Array(bytes.byteLength);
    this.aligned.set(bytes);
    return this.aligned.subarray(0, bytes.byteLength);
  }
}

/** One column's memory, and the copying of its field: a fixed number of bytes from each record. */
class Target {
  readonly end: number;
  private bytes = new Uint8Array(0);
  private words = new Uint32Array(0);
  /** True for whole 4-byte-aligned words: integers of 4 and 8 bytes, most texts and arrays. */
  private readonly inWords: boolean;

  constructor(private readonly field: Field) {
    this.end = field.offset + field.size;
    this.inWords = field.offset % 4 === 0 && field.size % 4 === 0 && field.size > 0;
  }

  reserve(count: number): void {
    const length = count * this.field.size;
    if (length <= this.bytes.byteLength) return;
    // A multiple of 8 for views of every width.
    const buffer = new ArrayBuffer((length + 7) & ~7);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** Copies from records that are `stride` bytes apart, each long enough. */
  fillEvenly(bytes: Uint8Array, words: Uint32Array, count: number, stride: number): void {
    const { offset, size } = this.field;
    const from = HEADER_BYTES + offset;
    if (!this.inWords) copyBytes(bytes, from, stride, this.bytes, size, count);
    else if (size === 4) copyOneWord(words, from >> 2, stride >> 2, this.words, count);
    else if (size === 8) copyTwoWords(words, from >> 2, stride >> 2, this.words, count);
    else copyWords(words, from >> 2, stride >> 2, this.words, size >> 2, count);
  }

  fill(bytes: Uint8Array, { count, offsets, lengths }: RecordIndex): void {
    const { size, offset } = this.field;
    const target = this.bytes;
    const isWhole = this.isInteger;
    for (let i = 0, to = 0; i < count; i++) {
      const length = lengths[i] ?? 0;
      // Text and bytes may be incomplete; an incomplete integer is not used.
      const there = length >= this.end ? size : isWhole ? 0 : Math.max(0, length - offset);
      const from = (offsets[i] ?? 0) + offset;
      for (let k = 0; k < there; k++) target[to++] = bytes[from + k] ?? 0;
      for (let k = there; k < size; k++) target[to++] = 0;
    }
  }

  column(count: number): Column {
    const { field } = this;
    const { buffer } = this.bytes;
    switch (this.isInteger ? field.storage : 'bytes') {
      case 'u64':
        return { field, values: new BigUint64Array(buffer, 0, count) };
      case 'i64':
        return { field, values: new BigInt64Array(buffer, 0, count) };
      case 'u32':
        return { field, values: new Uint32Array(buffer, 0, count) };
      case 'i32':
        return { field, values: new Int32Array(buffer, 0, count) };
      case 'u16':
        return { field, values: new Uint16Array(buffer, 0, count) };
      case 'i16':
        return { field, values: new Int16Array(buffer, 0, count) };
      case 'i8':
        return { field, values: new Int8Array(buffer, 0, count) };
      default:
        return { field, values: new Uint8Array(buffer, 0, count * field.size) };
    }
  }

  private get isInteger(): boolean {
    const { bitSize, storage } = this.field;
    return bitSize === 0 && storage !== 'text' && storage !== 'bytes' && storage !== 'array';
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
}

// One loop per width: each handles only two kinds of arrays, so that the engine can specialise it.

function copyOneWord(from: Uint32Array, first: number, step: number, to: Uint32Array, count: number): void {
  for (let i = 0, at = first; i < count; i++, at += step) to[i] = from[at] ?? 0;
}

function copyTwoWords(from: Uint32Array, first: number, step: number, to: Uint32Array, count: number): void {
  const end = 2 * count;
  for (let i = 0, at = first; i < end; i += 2, at += step) {
    to[i] = from[at] ?? 0;
    to[i + 1] = from[at + 1] ?? 0;
  }
}

function copyWords(
  from: Uint32Array,
  first: number,
  step: number,
  to: Uint32Array,
  width: number,
  count: number,
): void {
  for (let i = 0, at = first, out = 0; i < count; i++, at += step)
    for (let k = 0; k < width; k++) to[out++] = from[at + k] ?? 0;
}

function copyBytes(
  from: Uint8Array,
  first: number,
  step: number,
  to: Uint8Array,
  width: number,
  count: number,
): void {
  for (let i = 0, at = first, out = 0; i < count; i++, at += step)
    for (let k = 0; k < width; k++) to[out++] = from[at + k] ?? 0;
}
