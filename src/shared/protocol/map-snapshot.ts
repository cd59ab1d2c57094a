import { copyBytes } from '../bytes/copy-bytes';
import type { EntryRun, MapContent } from '../decode/map-content';
import { FrameError, MAP_CHANGES_HEADER_BYTES, MAP_RUN_HEADER_BYTES, MapChangesFlag } from './frames';

const NO_BYTES = new Uint8Array(0);
/** Limit of the memory for a map's keys, and for its values. */
const MOST_BYTES = 1 << 30;

/**
 * Assembles a map's content from the frames of its stream (DataContent.mapChanges): each snapshot has the changes since
 * the previous one. The buffers are reused: later frames overwrite them.
 */
export class MapSnapshot implements MapContent {
  private keyBytes = NO_BYTES;
  private valueBytes = NO_BYTES;
  /** Number of entries received since the flag `anew`: a snapshot cannot have more. */
  private received = 0;
  private entries = 0;
  private runs: EntryRun[] = [];
  private isComplete = true;
  private completed = 0;

  /** `valueStride`: LoadedMap.valueStride, all CPUs' values of one entry. `mostEntries` limits the entries of a frame. */
  constructor(
    private readonly keySize: number,
    private readonly valueStride: number,
    private readonly mostEntries = 1 << 20,
  ) {}

  /** Adds a frame; returns whether the snapshot is complete. Throws FrameError for a malformed frame. */
  push(frame: Uint8Array): boolean {
    if (frame.byteLength < MAP_CHANGES_HEADER_BYTES)
      throw new FrameError('malformed', 'a part of a map snapshot without a header');
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const flags = view.getUint32(0, true);
    if (this.isComplete) this.runs = [];
    if ((flags & MapChangesFlag.anew) !== 0) {
      this.received = 0;
      this.runs = [];
    }
    for (let at = MAP_CHANGES_HEADER_BYTES; at < frame.byteLength; ) at = this.takeRun(frame, view, at);
    this.isComplete = (flags & MapChangesFlag.last) !== 0;
    if (!this.isComplete) return false;
    const entries = view.getUint32(4, true);
    if (entries > this.received)
      throw new FrameError(
        'malformed',
        `a map snapshot of ${entries} entries, of which ${this.received} were received`,
      );
    this.entries = entries;
    this.completed++;
    return true;
  }

  /** Number of complete snapshots. */
  get number(): number {
    return this.completed;
  }
  /** Entries of the last complete snapshot. */
  get count(): number {
    return this.entries;
  }
  /** `count` keys, contiguous. */
  get keys(): Uint8Array {
    return this.keyBytes.subarray(0, this.entries * this.keySize);
  }
  /** `count` values, contiguous, 8-byte aligned in their buffer. */
  get values(): Uint8Array {
    return this.valueBytes.subarray(0, this.entries * this.valueStride);
  }
  /** The entries that are new or changed in the last snapshot. The others are unchanged. */
  get changes(): readonly EntryRun[] {
    return this.runs;
  }

  private takeRun(frame: Uint8Array, view: DataView, at: number): number {
    const { keySize, valueStride } = this;
    if (at + MAP_RUN_HEADER_BYTES > frame.byteLength)
      throw new FrameError('malformed', 'a truncated run of map entries');
    const first = view.getUint32(at, true);
    const count = view.getUint32(at + 4, true);
    const keys = at + MAP_RUN_HEADER_BYTES;
    const values = keys + count * keySize;
    const end = values + count * valueStride;
    // Numbers, not 32-bit integers: all products here are below 2^53.
    const fits = end <= frame.byteLength && first <= this.received && first + count <= this.mostEntries;
    // Each run has at least one entry: more runs than entries is an error.
    if (count === 0 || !fits || this.runs.length >= this.mostEntries)
      throw new FrameError('malformed', `a run of ${count} map entries from ${first} on is out of range`);
    this.reserve(first + count);
    copyBytes(this.keyBytes, first * keySize, frame, keys, values - keys);
    copyBytes(this.valueBytes, first * valueStride, frame, values, end - values);
    this.received = Math.max(this.received, first + count);
    this.runs.push({ first, count });
    return end;
  }

  private reserve(entries: number): void {
    if (
      entries * this.keySize <= this.keyBytes.byteLength &&
      entries * this.valueStride <= this.valueBytes.byteLength
    )
      return;
    const room = Math.min(this.mostEntries, Math.max(entries, 2 * this.received));
    if (room * Math.max(this.keySize, this.valueStride) > MOST_BYTES)
      throw new FrameError('malformed', `a map snapshot of more than ${MOST_BYTES} bytes`);
    this.keyBytes = grown(this.keyBytes, room * this.keySize);
    this.valueBytes = grown(this.valueBytes, room * this.valueStride);
  }
}

function grown(old: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(bytes);
  buffer.set(old);
  return buffer;
}
