/** What a client was told of a map: the next snapshot needs to hold only what is different since. */

/** Some entries as they lie in memory: keys one after the other, values `spacing` bytes apart. */
export interface Entries {
  readonly count: number;
  readonly keys: Buffer;
  readonly values: Buffer;
}

/** A map that can be read again and again. */
export interface EntryReader {
  readonly keySize: number;
  /** Bytes of one value as the client gets it. */
  readonly stride: number;
  /** Bytes from one value to the next as `snapshot` gives them. */
  readonly spacing: number;
  /**
   * Yields at least one (possibly empty) step; stops at `maxEntries`. The views are valid until the next step, and a mapped
   * map's values may change meanwhile. Throws HelperError 'kernel'.
   */
  snapshot(maxEntries: number): Iterable<Entries>;
  close(): void;
}

/** Entries `first` to `first + count`. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Memory for what is known of one map. Of a larger one nothing is kept, and every snapshot holds all of it. */
const MOST_BYTES = 8 << 20;
/** Compared in one call of memcmp: first, and once more where that found a difference. */
const WIDE_BYTES = 64 << 10;
const NARROW_BYTES = 4 << 10;
const LEAST_ENTRIES = 64;

export class KnownEntries {
  private keys: Buffer = Buffer.alloc(0);
  private values: Buffer = Buffer.alloc(0);
  private known = 0;
  private readonly narrow: number;
  private readonly wide: number;
  private readonly inWords: boolean;

  /** `spacing`: bytes from one value to the next, at least their size; what lies between is compared, too. */
  constructor(
    private readonly keySize: number,
    private readonly spacing: number,
  ) {
    this.narrow = Math.max(1, Math.floor(NARROW_BYTES / (keySize + spacing)));
    this.wide = this.narrow * (WIDE_BYTES / NARROW_BYTES);
    this.inWords = keySize % 4 === 0 && spacing % 4 === 0;
  }

  get count(): number {
    return this.known;
  }

  /**
   * Takes note of the entries from number `first` on, which follow the ones taken before. Gives the runs that are new or
   * changed, ascending, and where to read them: in memory that does not change under the reader's hands, as a mapped map's
   * does. Numbers are the snapshot's; `source.first` is that of the source's first entry.
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

  /** The snapshot ended after so many entries. */
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
    const add = (from: number, count: number): void => {
      const last = runs.at(-1);
      if (last && last.first + last.count === from)
        runs[runs.length - 1] = { ...last, count: last.count + count };
      else runs.push({ first: from, count });
    };
    const compared = Math.max(0, Math.min(entries.count, this.known - first));
    for (let wide = 0; wide < compared; wide += this.wide) {
      const wideEnd = Math.min(compared, wide + this.wide);
      // Keys rarely change: they are looked at once, and in the narrow parts only when there one did.
      const haveSameKeys = this.haveSameKeys(first, entries, wide, wideEnd);
      if (haveSameKeys && this.haveSameValues(first, entries, wide, wideEnd)) continue;
      for (let at = wide; at < wideEnd; at += this.narrow) {
        const end = Math.min(wideEnd, at + this.narrow);
        const isEqual =
          this.haveSameValues(first, entries, at, end) &&
          (haveSameKeys || this.haveSameKeys(first, entries, at, end));
        if (!isEqual) this.findChanged(first, entries, at, end, add);
      }
    }
    if (compared < entries.count) add(first + compared, entries.count - compared);
    return runs;
  }

  /** Entries `from` to `to` of those given, against the known ones with the same numbers. */
  private haveSameKeys(first: number, { keys }: Entries, from: number, to: number): boolean {
    const { keySize: size } = this;
    return this.keys.compare(keys, from * size, to * size, (first + from) * size, (first + to) * size) === 0;
  }

  private haveSameValues(first: number, { values }: Entries, from: number, to: number): boolean {
    const { spacing: size } = this;
    return (
      this.values.compare(values, from * size, to * size, (first + from) * size, (first + to) * size) === 0
    );
  }

  private findChanged(
    first: number,
    entries: Entries,
    from: number,
    to: number,
    add: (from: number, count: number) => void,
  ): void {
    // A call for each entry would cost more than the comparison.
    const view = this.inWords ? words : bytes;
    const unit = this.inWords ? 4 : 1;
    const [knownKeys, keys, keyUnits] = [view(this.keys), view(entries.keys), this.keySize / unit];
    const [knownValues, values, units] = [view(this.values), view(entries.values), this.spacing / unit];
    for (let entry = from; entry < to; entry++) {
      if (
        differs(knownValues, (first + entry) * units, values, entry * units, units) ||
        differs(knownKeys, (first + entry) * keyUnits, keys, entry * keyUnits, keyUnits)
      )
        add(first + entry, 1);
    }
  }

  private take({ first: from, count }: Run, first: number, { keys, values }: Entries): void {
    const { keySize, spacing } = this;
    const at = from - first;
    keys.copy(this.keys, from * keySize, at * keySize, (at + count) * keySize);
    values.copy(this.values, from * spacing, at * spacing, (at + count) * spacing);
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

function grown(old: Buffer, bytes: number): Buffer {
  // Of its own, not of the pool: words are looked at, too, which begin at multiples of 4.
  const buffer = Buffer.allocUnsafeSlow(bytes);
  old.copy(buffer);
  return buffer;
}

const bytes = (buffer: Buffer): Uint8Array => buffer;
const words = ({ buffer, byteOffset, byteLength }: Buffer): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength >> 2);

function differs(
  a: Int32Array | Uint8Array,
  at: number,
  b: Int32Array | Uint8Array,
  from: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[from + i]) return true;
  return false;
}
