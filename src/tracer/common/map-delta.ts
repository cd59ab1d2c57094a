/** The entries that a client already has of a map: the next snapshot contains only the differences. */
import { copyBytes } from '../../shared/bytes/copy-bytes';

/** Entries in memory: keys are contiguous, values are `spacing` bytes apart. */
export interface Entries {
  readonly count: number;
  readonly keys: Buffer;
  readonly values: Buffer;
}

/** A map that can be read repeatedly. */
export interface EntryReader {
  readonly keySize: number;
  /** Bytes of one value as sent to the client. */
  readonly stride: number;
  /** Bytes from one value to the next in the results of `snapshot`. */
  readonly spacing: number;
  /**
   * Yields at least one (possibly empty) step; stops at `maxEntries`. The views are valid until the next step; values of
   * a mapped map may change meanwhile. Throws TracerError 'kernel'.
   */
  snapshot(maxEntries: number): Iterable<Entries>;
  close(): void;
}

/** Entries `first` to `first + count`. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Memory limit for the known entries of one map. For a larger map nothing is kept, and every snapshot is complete. */
const MOST_BYTES = 8 << 20;
/**
 * Bytes of values compared by one memcmp before they are compared one by one: where one in a hundred changes, longer
 * parts nearly always differ, and shorter ones spend their time in calls (measured with 10,000 values of 112 bytes).
 */
const PART_BYTES = 2 << 10;
const LEAST_ENTRIES = 64;

export class KnownEntries {
  private keys: Buffer = Buffer.alloc(0);
  private values: Buffer = Buffer.alloc(0);
  private known = 0;
  private readonly part: number;
  private readonly view: (bytes: Buffer) => Units;
  private readonly keyUnits: number;
  private readonly valueUnits: number;

  /** `spacing`: bytes from one value to the next, at least their size; the bytes between are compared too. */
  constructor(
    private readonly keySize: number,
    private readonly spacing: number,
  ) {
    this.part = Math.max(1, Math.floor(PART_BYTES / Math.max(1, spacing)));
    const inWords = keySize % 4 === 0 && spacing % 4 === 0;
    this.view = inWords ? words : bytes;
    this.keyUnits = keySize / (inWords ? 4 : 1);
    this.valueUnits = spacing / (inWords ? 4 : 1);
  }

  get count(): number {
    return this.known;
  }

  /**
   * Records the entries from index `first` on, which follow those recorded before. Returns the runs that are new or
   * changed, ascending, and where to read them: memory that, unlike a mapped map's, does not change during the read.
   * Indexes are the snapshot's; `source.first` is that of the source's first entry.
   */
  update(first: number, entries: Entries): { readonly runs: readonly Run[]; readonly source: Entries & Run } {
    const end = first + entries.count;
    if (end * (this.keySize + this.spacing) > MOST_BYTES) {
      this.forget();
      const runs = entries.count > 0 ? [{ first, count: entries.count }] : [];
      return { runs, source: { ...entries, first } };
    }
    this.reserve(end);
    const runs = this.changes(first, entries);
    for (const run of runs) this.take(run, first, entries);
    this.known = Math.max(this.known, end);
    return { runs, source: { first: 0, count: end, keys: this.keys, values: this.values } };
  }

  /** Called at the end of a snapshot, with its number of entries. */
  end(count: number): void {
    this.known = Math.min(this.known, count);
  }

  forget(): void {
    this.known = 0;
    this.keys = Buffer.alloc(0);
    this.values = Buffer.alloc(0);
  }

  private changes(first: number, entries: Entries): Run[] {
    const runs: Run[] = [];
    const compared = Math.max(0, Math.min(entries.count, this.known - first));
    if (compared > 0) {
      // Keys rarely change: they are compared all at once, and one by one only when that finds a difference.
      const haveSameKeys = isSame(this.keys, first * this.keySize, entries.keys, 0, compared * this.keySize);
      const against = { keys: this.view(entries.keys), values: this.view(entries.values) };
      const known = { keys: this.view(this.keys), values: this.view(this.values) };
      for (let at = 0; at < compared; at += this.part) {
        const end = Math.min(compared, at + this.part);
        const isEqual = haveSameKeys && this.haveSameValues(first, entries, at, end);
        if (!isEqual) this.findChanged(first, known, against, at, end, runs);
      }
    }
    if (compared < entries.count) append(runs, first + compared, entries.count - compared);
    return runs;
  }

  /** Compares entries `from` to `to` with the known ones at the same indexes. */
  private haveSameValues(first: number, { values }: Entries, from: number, to: number): boolean {
    const { spacing: size } = this;
    return isSame(this.values, (first + from) * size, values, from * size, (to - from) * size);
  }

  /** One by one and inline: a call per entry would cost more than the comparison. */
  private findChanged(
    first: number,
    known: Viewed,
    entries: Viewed,
    from: number,
    to: number,
    runs: Run[],
  ): void {
    const { keyUnits, valueUnits } = this;
    for (let entry = from; entry < to; entry++) {
      const number = first + entry;
      if (
        differs(known.values, number * valueUnits, entries.values, entry * valueUnits, valueUnits) ||
        differs(known.keys, number * keyUnits, entries.keys, entry * keyUnits, keyUnits)
      )
        append(runs, number, 1);
    }
  }

  private take({ first: from, count }: Run, first: number, { keys, values }: Entries): void {
    const { keySize, spacing } = this;
    const at = from - first;
    copyBytes(this.keys, from * keySize, keys, at * keySize, count * keySize);
    copyBytes(this.values, from * spacing, values, at * spacing, count * spacing);
  }

  private reserve(entries: number): void {
    if (entries * this.spacing <= this.values.byteLength && entries * this.keySize <= this.keys.byteLength)
      return;
    const room = Math.max(
      LEAST_ENTRIES,
      entries,
      Math.min(2 * entries, MOST_BYTES / (this.keySize + this.spacing)),
    );
    this.keys = grown(this.keys, Math.ceil(room) * this.keySize);
    this.values = grown(this.values, Math.ceil(room) * this.spacing);
  }
}

/** Memory as words or as bytes. */
type Units = Int32Array | Uint8Array;

interface Viewed {
  readonly keys: Units;
  readonly values: Units;
}

function append(runs: Run[], first: number, count: number): void {
  const last = runs.at(-1);
  if (last && last.first + last.count === first)
    runs[runs.length - 1] = { ...last, count: last.count + count };
  else runs.push({ first, count });
}

function grown(old: Buffer, bytes: number): Buffer {
  // Not from Node's pool: the memory is also viewed as words, which need 4-byte alignment.
  const buffer = Buffer.allocUnsafeSlow(bytes);
  old.copy(buffer);
  return buffer;
}

const bytes = (buffer: Buffer): Units => buffer;
const words = ({ buffer, byteOffset, byteLength }: Buffer): Units =>
  new Int32Array(buffer, byteOffset, byteLength >> 2);

/** memcmp, without views. */
function isSame(a: Buffer, at: number, b: Buffer, from: number, bytes: number): boolean {
  return a.compare(b, from, from + bytes, at, at + bytes) === 0;
}

function differs(a: Units, at: number, b: Units, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[from + i]) return true;
  return false;
}
