/** The records of one stream as raw bytes, and where each begins. Nothing is decoded here. */
import type { SameRecords } from '../../src/shared/decode/ring-span';

/** Offsets of payloads and their lengths, as returned by the indexers of shared/decode. */
export interface Records {
  readonly count: number;
  readonly offsets: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

export type Row =
  | {
      readonly kind: 'record';
      readonly view: DataView;
      readonly offset: number;
      readonly length: number;
      readonly atMs: number;
    }
  /** A mark where records were lost. */
  | { readonly kind: 'lost'; readonly lost: number; readonly atMs: number };

/** Smaller spans are merged, so that a slow stream does not make an object per record. */
const GATHER_BYTES = 64 << 10;
const CHUNK_BYTES = 512 << 10;
/** Marks a row that is not a record: its length is then the number of lost records (saturating). */
const LOST = 0xffffffff;
/** Index bytes kept per row: offset, length and arrival. */
const ROW_BYTES = 4 + 4 + 8;

/** A whole span whose records are all of one length: where each begins need not be kept. */
interface Even extends SameRecords {
  readonly lost: number;
  /** Rows before the records: the mark of the loss, if there was one. */
  readonly marks: number;
  readonly atMs: number;
}

interface Chunk {
  readonly firstRow: number;
  /** Null: by the arrays. */
  readonly even: Even | null;
  rows: number;
  bytes: Uint8Array;
  view: DataView;
  usedBytes: number;
  /** Grown by doubling; only the first `rows` entries are used. */
  offsets: Uint32Array;
  lengths: Uint32Array;
  times: Float64Array;
  /** Rows that are not records. */
  losses: number;
  readonly gathers: boolean;
}

/**
 * Keeps at most `limitBytes` of records and index; the oldest chunk is dropped first. Rows are numbered from 0 for the
 * first that arrived, and keep their number.
 */
export class RecordStore {
  private readonly chunks: Chunk[] = [];
  private bytesKept = 0;
  private end = 0;
  private first = 0;
  private hostFirst = 0;
  private recordsSeen = 0;
  private recordsGone = 0;
  private lostSeen = 0;

  constructor(
    private readonly index: (bytes: Uint8Array) => Records,
    private readonly limitBytes: number,
    private readonly same: (bytes: Uint8Array) => SameRecords | null = () => null,
  ) {}

  /** Number of the oldest row kept. */
  get firstRow(): number {
    return this.first;
  }
  /** One past the newest row. */
  get endRow(): number {
    return this.end;
  }
  /** Records received, kept or not. */
  get records(): number {
    return this.recordsSeen;
  }
  get lost(): number {
    return this.lostSeen;
  }
  get keptBytes(): number {
    return this.bytesKept;
  }

  /** Stores a span; returns how many records it contained. Takes ownership of the bytes. */
  push(bytes: Uint8Array, lost: number, atMs: number): number {
    const same = bytes.byteLength < GATHER_BYTES ? null : this.same(bytes);
    if (same) return this.pushEven(bytes, { ...same, lost, marks: lost > 0 ? 1 : 0, atMs });
    const records = this.index(bytes);
    const rows = records.count + (lost > 0 ? 1 : 0);
    if (rows === 0) return 0;
    const small = bytes.byteLength < GATHER_BYTES;
    let chunk = this.chunks.at(-1);
    if (!chunk || !small || !chunk.gathers || chunk.usedBytes + bytes.byteLength > chunk.bytes.byteLength) {
      chunk = this.open(small ? new Uint8Array(CHUNK_BYTES) : bytes, small, rows);
      if (!small) chunk.usedBytes = bytes.byteLength;
    }
    this.reserve(chunk, rows);
    const base = small ? chunk.usedBytes : 0;
    if (small) {
      chunk.bytes.set(bytes, base);
      // Records stay 8-byte aligned, as they were in the ring buffer.
      chunk.usedBytes = base + ((bytes.byteLength + 7) & ~7);
    }
    let row = chunk.rows;
    if (lost > 0) {
      chunk.offsets[row] = LOST;
      chunk.lengths[row] = Math.min(lost, 0xffffffff);
      chunk.times[row++] = atMs;
      chunk.losses++;
      this.lostSeen += lost;
    }
    for (let record = 0; record < records.count; record++) {
      chunk.offsets[row] = base + (records.offsets[record] ?? 0);
      chunk.lengths[row] = records.lengths[record] ?? 0;
      chunk.times[row++] = atMs;
    }
    chunk.rows = row;
    this.pushed(rows, records.count);
    return records.count;
  }

  private pushEven(bytes: Uint8Array, even: Even): number {
    const chunk = this.open(bytes, false, 0, even);
    chunk.usedBytes = bytes.byteLength;
    chunk.rows = even.marks + even.count;
    chunk.losses = even.marks;
    this.lostSeen += even.lost;
    this.pushed(chunk.rows, even.count);
    return even.count;
  }

  private pushed(rows: number, records: number): void {
    this.end += rows;
    this.recordsSeen += records;
    while (this.bytesKept > this.limitBytes && this.chunks.length > 1) this.dropOldest();
  }

  /** The host dropped its oldest records; a reload could not restore them, so they are dropped here too. */
  evict(records: number): void {
    this.hostFirst += records;
    if (this.end === 0) {
      // Hydration: rows dropped before the page was loaded still count in the numbering.
      this.first += records;
      this.end += records;
      this.recordsSeen += records;
      this.recordsGone += records;
    }
    for (
      let chunk = this.chunks[0];
      chunk && this.chunks.length > 1 && chunk.firstRow + chunk.rows <= this.hostFirst;
      chunk = this.chunks[0]
    )
      this.dropOldest();
  }

  row(row: number): Row | null {
    const chunk = this.chunkOf(row);
    if (!chunk) return null;
    const at = row - chunk.firstRow;
    const offset = offsetAt(chunk, at);
    const length = lengthAt(chunk, at);
    const atMs = chunk.even?.atMs ?? chunk.times[at] ?? 0;
    return offset === LOST
      ? { kind: 'lost', lost: length, atMs }
      : { kind: 'record', view: chunk.view, offset, length, atMs };
  }

  /** Calls back for each kept row in from..to (end excluded), without an object per row. `offset` is -1 for a loss. */
  scan(
    from: number,
    to: number,
    visit: (row: number, view: DataView, offset: number, length: number) => void,
  ): void {
    let row = Math.max(from, this.first);
    const end = Math.min(to, this.end);
    for (let at = this.chunkIndex(row); at < this.chunks.length && row < end; at++) {
      const chunk = this.chunks[at];
      if (!chunk) return;
      const stop = Math.min(end, chunk.firstRow + chunk.rows);
      for (; row < stop; row++) {
        const offset = offsetAt(chunk, row - chunk.firstRow);
        visit(row, chunk.view, offset === LOST ? -1 : offset, lengthAt(chunk, row - chunk.firstRow));
      }
    }
  }

  /**
   * How many records arrived before a row, kept or not: unlike row numbers, this is the same after a reload, where
   * marks of losses that were dropped with their rows are not sent again.
   */
  recordsBefore(row: number): number {
    let records = this.recordsGone;
    for (const chunk of this.chunks) {
      if (chunk.firstRow >= row) break;
      const rows = Math.min(chunk.rows, row - chunk.firstRow);
      records += rows;
      if (rows === chunk.rows) records -= chunk.losses;
      else for (let at = 0; at < rows; at++) if (offsetAt(chunk, at) === LOST) records--;
    }
    return records;
  }

  /** Row number of the record that this many precede; the oldest kept if it was dropped, endRow if it has not arrived yet. */
  rowAfter(records: number): number {
    let before = this.recordsGone;
    if (records < before) return this.first;
    for (const chunk of this.chunks) {
      if (before + chunk.rows - chunk.losses <= records) {
        before += chunk.rows - chunk.losses;
        continue;
      }
      for (let at = 0; at < chunk.rows; at++) {
        if (offsetAt(chunk, at) === LOST) continue;
        if (before++ === records) return chunk.firstRow + at;
      }
    }
    return this.end;
  }

  private open(bytes: Uint8Array, gathers: boolean, rows: number, even: Even | null = null): Chunk {
    const capacity = gathers ? 1024 : rows;
    const chunk: Chunk = {
      firstRow: this.end,
      even,
      rows: 0,
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      usedBytes: 0,
      offsets: new Uint32Array(capacity),
      lengths: new Uint32Array(capacity),
      times: new Float64Array(capacity),
      losses: 0,
      gathers,
    };
    this.chunks.push(chunk);
    this.bytesKept += bytes.byteLength + capacity * ROW_BYTES;
    return chunk;
  }

  private reserve(chunk: Chunk, more: number): void {
    const need = chunk.rows + more;
    const had = chunk.offsets.length;
    if (need <= had) return;
    const capacity = Math.max(need, had * 2);
    const { offsets, lengths, times } = chunk;
    chunk.offsets = new Uint32Array(capacity);
    chunk.lengths = new Uint32Array(capacity);
    chunk.times = new Float64Array(capacity);
    chunk.offsets.set(offsets);
    chunk.lengths.set(lengths);
    chunk.times.set(times);
    this.bytesKept += (capacity - had) * ROW_BYTES;
  }

  private dropOldest(): void {
    const chunk = this.chunks.shift();
    if (!chunk) return;
    this.recordsGone += chunk.rows - chunk.losses;
    this.bytesKept -= chunk.bytes.byteLength + chunk.offsets.length * ROW_BYTES;
    this.first = this.chunks[0]?.firstRow ?? this.end;
  }

  private chunkIndex(row: number): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.chunks[middle]?.firstRow ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private chunkOf(row: number): Chunk | null {
    if (row < this.first || row >= this.end) return null;
    return this.chunks[this.chunkIndex(row)] ?? null;
  }
}

/** LOST for a mark. */
function offsetAt({ even, offsets }: Chunk, at: number): number {
  if (!even) return offsets[at] ?? LOST;
  return at < even.marks ? LOST : even.offset + (at - even.marks) * even.stride;
}

/** Of a mark, how many records were lost. */
function lengthAt({ even, lengths }: Chunk, at: number): number {
  if (!even) return lengths[at] ?? 0;
  return at < even.marks ? Math.min(even.lost, 0xffffffff) : even.length;
}
