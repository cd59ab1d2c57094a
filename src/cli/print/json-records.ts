import { encodeUtf8 } from '../../shared/bytes/utf8';
import { decodeField, recordFits } from '../../shared/decode/field';
import { jsonValue } from '../../shared/decode/json-value';
import type { RecordIndex } from '../../shared/decode/ring-span';
import type { Field, RecordLayout } from '../../shared/object/model';
import { jsonLine } from './json';

/** Longest output of an integer: a sign, 20 digits, quotes. */
const INTEGER_BYTES = 23;
/** A byte of text at its longest is \uXXXX; an element of an array an integer with a comma. */
const WIDEST = 6;
const BUFFER_BYTES = 64 << 10;
/** Of a column; addresses may be many. */
const MOST_KNOWN = 1024;
const [QUOTE, BACKSLASH, ZERO, MINUS] = ['"', '\\', '0', '-'].map(character => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
const TRUE = encodeUtf8('true');
const FALSE = encodeUtf8('false');
const END = encodeUtf8('}}\n');

/** Printed as it is stored. */
const isPlainNumber = ({ bigEndian, meaning }: Field): boolean =>
  !bigEndian && meaning !== 'enum' && meaning !== 'ipv4';

interface Column {
  readonly field: Field;
  /** `,"name":` */
  readonly key: Uint8Array;
  /** By the stored bytes: JSON of constants of enums, ports and the like, which are few. */
  readonly known: Map<number, Uint8Array>;
}

/**
 * Writes the lines that printJson() prints of events, `{type, stream, data}`, as bytes straight from the record: a
 * program may send some hundred thousand a second, and most of their cost would be strings that live for a line.
 */
export class JsonRecords {
  private out = new Uint8Array(BUFFER_BYTES);
  private at = 0;
  private readonly start: Uint8Array;
  private readonly columns: readonly Column[];
  /** Of a line. */
  private readonly mostBytes: number;

  private constructor(
    stream: string,
    private readonly layout: RecordLayout,
    private readonly write: (lines: Uint8Array) => void,
  ) {
    const around = jsonLine({ type: 'event', stream, data: {} });
    this.start = encodeUtf8(around.slice(0, -2));
    this.columns = layout.fields.map((field, index) => ({
      field,
      key: encodeUtf8(`${index === 0 ? '' : ','}${jsonLine(field.name)}:`),
      known: new Map(),
    }));
    this.mostBytes = this.columns.reduce(
      (sum, { field, key }) => sum + key.byteLength + WIDEST * field.size + INTEGER_BYTES * (1 + field.count),
      this.start.byteLength + END.byteLength,
    );
  }

  /** `write` gets whole lines, valid during the call. Null for names that an object would not keep in their order, or not twice. */
  static of(stream: string, layout: RecordLayout, write: (lines: Uint8Array) => void): JsonRecords | null {
    const names = layout.fields.map(({ name }) => name);
    const isPlain = names.every(name => /^[A-Za-z_]/.test(name) && name !== '__proto__');
    return isPlain && new Set(names).size === names.length ? new JsonRecords(stream, layout, write) : null;
  }

  /** Writes all records. A record that does not fit the layout is passed to `other` in its place. */
  records(view: DataView, index: RecordIndex, other: (record: number) => void): void {
    const { layout } = this;
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let record = 0; record < index.count; record++) {
      const offset = index.offsets[record] ?? 0;
      const length = index.lengths[record] ?? 0;
      if (length < layout.size && !recordFits(layout, length)) {
        this.flush();
        other(record);
        continue;
      }
      this.reserve();
      this.put(this.start);
      for (const column of this.columns) {
        this.put(column.key);
        this.value(view, bytes, offset, offset + length, column);
      }
      this.put(END);
    }
    this.flush();
  }

  private value(view: DataView, bytes: Uint8Array, offset: number, end: number, column: Column): void {
    const { field, known } = column;
    const at = offset + field.offset;
    const isWhole = field.bitSize === 0 && !field.length && at + field.size <= end;
    if (isWhole && field.storage === 'text') {
      if (this.plainText(bytes, at, at + field.size)) return;
    } else if (isWhole && isPlainNumber(field) && this.integer(view, at, field.storage)) return;
    const stored = isWhole ? storedBits(view, at, field.size) : null;
    let json = stored === null ? undefined : known.get(stored);
    if (!json) {
      json = encodeUtf8(jsonLine(jsonValue(decodeField(view, offset, field, end), field)));
      if (stored !== null && known.size < MOST_KNOWN) known.set(stored, json);
    }
    this.makeRoom(json.byteLength);
    this.put(json);
  }

  /** For a value of any length, and for the rest of the line. */
  private makeRoom(bytes: number): void {
    const needed = this.at + bytes + this.mostBytes;
    if (needed <= this.out.byteLength) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.out.subarray(0, this.at));
    this.out = larger;
  }

  /** False: not an integer, or one that JSON's numbers do not hold. */
  private integer(view: DataView, at: number, storage: Field['storage']): boolean {
    switch (storage) {
      case 'u8':
        this.digits(view.getUint8(at));
        return true;
      case 'u16':
        this.digits(view.getUint16(at, true));
        return true;
      case 'u32':
        this.digits(view.getUint32(at, true));
        return true;
      case 'i8':
        this.signed(view.getInt8(at));
        return true;
      case 'i16':
        this.signed(view.getInt16(at, true));
        return true;
      case 'i32':
        this.signed(view.getInt32(at, true));
        return true;
      case 'u64': {
        const high = view.getUint32(at + 4, true);
        if (high >= 0x200000) return false;
        this.digits(high * 0x100000000 + view.getUint32(at, true));
        return true;
      }
      case 'i64': {
        const number = view.getInt32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
        if (!Number.isSafeInteger(number)) return false;
        this.signed(number);
        return true;
      }
      case 'bool':
        this.put(view.getUint8(at) === 0 ? FALSE : TRUE);
        return true;
      default:
        return false;
    }
  }

  private signed(number: number): void {
    if (number < 0) this.out[this.at++] = MINUS;
    this.digits(Math.abs(number));
  }

  /** A safe integer from 0 on. */
  private digits(number: number): void {
    if (number > 0xffffffff) {
      const high = Math.floor(number / 1e9);
      this.digits(high);
      this.lowDigits(number - high * 1e9, 9);
      return;
    }
    let count = 1;
    for (let limit = 10; number >= limit; limit *= 10) count++;
    this.lowDigits(number, count);
  }

  private lowDigits(number: number, count: number): void {
    const { out, at } = this;
    let rest = number;
    for (let place = at + count - 1; place >= at; place--) {
      const tenth = Math.floor(rest / 10);
      out[place] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at = at + count;
  }

  /** Text up to its NUL where no character needs an escape; otherwise writes nothing and returns false. */
  private plainText(bytes: Uint8Array, from: number, end: number): boolean {
    const { out } = this;
    let to = this.at;
    out[to++] = QUOTE;
    for (let at = from; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === 0) break;
      if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false;
      out[to++] = byte;
    }
    out[to++] = QUOTE;
    this.at = to;
    return true;
  }

  private put(bytes: Uint8Array): void {
    const { out } = this;
    let to = this.at;
    // A loop: set() costs more for some bytes.
    for (let from = 0; from < bytes.length; from++) out[to++] = bytes[from] ?? 0;
    this.at = to;
  }

  private reserve(): void {
    if (this.at + this.mostBytes <= this.out.byteLength) return;
    this.flush();
    if (this.mostBytes > this.out.byteLength) this.out = new Uint8Array(this.mostBytes);
  }

  private flush(): void {
    if (this.at === 0) return;
    this.write(this.out.subarray(0, this.at));
    this.at = 0;
  }
}

/** The bytes as a number, where they are few enough to be kept as one. */
function storedBits(view: DataView, at: number, size: number): number | null {
  if (size === 4) return view.getUint32(at, true);
  if (size === 2) return view.getUint16(at, true);
  return size === 1 ? view.getUint8(at) : null;
}
