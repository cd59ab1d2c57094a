/** One map, sent as data frames: only what the client does not know yet; bounded, held back while it does not read. */
import {
  DataContent,
  MAP_CHANGES_HEADER_BYTES,
  MAP_RUN_HEADER_BYTES,
  MapChangesFlag,
} from '../shared/protocol/frames';
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import { type Entries, type EntryReader, KnownEntries, type Run } from './known-entries';
import { CHUNK_BYTES } from './stream-source';

export interface SnapshotTarget {
  readonly connection: FrameConnection;
  readonly sessionId: number;
  readonly streamId: number;
}

export interface SnapshotResult {
  readonly entries: number;
  readonly truncated: boolean;
}

/** A map read again and again for one client. Snapshots of one sender do not overlap. */
export class SnapshotSender {
  private readonly known: KnownEntries;

  constructor(
    private readonly target: SnapshotTarget,
    private readonly reader: EntryReader,
  ) {
    this.known = new KnownEntries(reader.keySize, reader.spacing);
  }

  get streamId(): number {
    return this.target.streamId;
  }

  /** Sends what changed in the first `maxEntries`, the last frame flagged so. Throws HelperError 'kernel'. */
  async send(maxEntries: number, stopped: () => boolean): Promise<SnapshotResult> {
    const { connection } = this.target;
    const frames = new SnapshotFrames(this.target, this.reader, this.known.count === 0);
    let sent = 0;
    let truncated = false;
    try {
      // One more than wanted: whether there is more is known only by asking for it.
      for (const entries of this.reader.snapshot(maxEntries + 1)) {
        if (stopped()) break;
        const count = Math.min(entries.count, maxEntries - sent);
        truncated ||= entries.count > count;
        const { runs, source } = this.known.update(sent, { ...entries, count });
        for (const run of runs) frames.add(source, run);
        sent += count;
        if (!connection.writable) await connection.drained();
        else await new Promise(resolve => setImmediate(resolve));
      }
      this.known.end(sent);
      frames.end(sent);
      return { entries: sent, truncated };
    } catch (error) {
      // Half of it was sent: the next one begins anew.
      this.known.forget();
      throw error;
    }
  }

  close(): void {
    this.known.forget();
    this.reader.close();
  }
}

/** Gathers runs into frames of about a chunk of a buffer's. */
class SnapshotFrames {
  private readonly readAtNs = process.hrtime.bigint();
  private readonly entryBytes: number;
  private bytes: Uint8Array | null = null;
  private used = 0;

  constructor(
    private readonly target: SnapshotTarget,
    private readonly sizes: Pick<EntryReader, 'keySize' | 'stride' | 'spacing'>,
    private isFirst: boolean,
  ) {
    this.entryBytes = sizes.keySize + sizes.stride;
  }

  add(source: Entries & Run, run: Run): void {
    for (let first = run.first, left = run.count; left > 0; ) {
      const bytes = this.reserve();
      const room = Math.floor(
        (bytes.byteLength - this.used - MAP_RUN_HEADER_BYTES) / Math.max(1, this.entryBytes),
      );
      if (room < 1) {
        this.send(0, 0);
        continue;
      }
      const count = Math.min(left, room);
      this.write(bytes, source, first, count);
      first += count;
      left -= count;
    }
  }

  end(entries: number): void {
    this.send(MapChangesFlag.last, entries);
  }

  private write(bytes: Uint8Array, source: Entries & Run, first: number, count: number): void {
    const { keySize, stride, spacing } = this.sizes;
    const header = new DataView(bytes.buffer, bytes.byteOffset + this.used, MAP_RUN_HEADER_BYTES);
    header.setUint32(0, first, true);
    header.setUint32(4, count, true);
    this.used += MAP_RUN_HEADER_BYTES;
    const at = first - source.first;
    bytes.set(source.keys.subarray(at * keySize, (at + count) * keySize), this.used);
    this.used += count * keySize;
    if (spacing === stride) {
      bytes.set(source.values.subarray(at * spacing, (at + count) * spacing), this.used);
    } else {
      for (let i = 0; i < count; i++) {
        const from = (at + i) * spacing;
        bytes.set(source.values.subarray(from, from + stride), this.used + i * stride);
      }
    }
    this.used += count * stride;
  }

  /** Memory of the frame that is being filled; a single long entry gets a frame of its own size. */
  private reserve(): Uint8Array {
    if (!this.bytes) {
      const least = MAP_CHANGES_HEADER_BYTES + MAP_RUN_HEADER_BYTES + this.entryBytes;
      this.bytes = this.target.connection.dataMemory(Math.max(CHUNK_BYTES, least));
      this.used = MAP_CHANGES_HEADER_BYTES;
    }
    return this.bytes;
  }

  private send(flags: number, entries: number): void {
    const { connection, sessionId, streamId } = this.target;
    const bytes = this.reserve();
    const header = new DataView(bytes.buffer, bytes.byteOffset, MAP_CHANGES_HEADER_BYTES);
    header.setUint32(0, flags | (this.isFirst ? MapChangesFlag.anew : 0), true);
    header.setUint32(4, entries, true);
    this.isFirst = false;
    this.bytes = null;
    connection.sendData(
      { sessionId, streamId, content: DataContent.mapChanges, lost: 0, readAtNs: this.readAtNs },
      bytes.subarray(0, this.used),
    );
  }
}
