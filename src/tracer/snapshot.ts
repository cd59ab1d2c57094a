/** Sends a map as data frames: only entries that the client does not have yet; bounded, with backpressure. */
import { copyBytes } from '../shared/bytes/copy-bytes';
import {
  DataContent,
  MAP_CHANGES_HEADER_BYTES,
  MAP_RUN_HEADER_BYTES,
  MapChangesFlag,
} from '../shared/protocol/frames';
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import { type Entries, type EntryReader, KnownEntries, type Run } from './common/map-delta';
import { CHUNK_BYTES } from './common/stream-source';

export interface SnapshotTarget {
  readonly connection: FrameConnection;
  readonly sessionId: number;
  readonly streamId: number;
}

export interface SnapshotResult {
  readonly entries: number;
  readonly truncated: boolean;
}

/** Reads a map repeatedly for one client. Snapshots of one sender must not overlap. */
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

  /** Sends the changes in the first `maxEntries` and flags the last frame. Throws TracerError 'kernel'. */
  async send(maxEntries: number, stopped: () => boolean): Promise<SnapshotResult> {
    const { connection } = this.target;
    const frames = new SnapshotFrames(this.target, this.reader, this.known.count === 0);
    let sent = 0;
    let truncated = false;
    try {
      // One more than requested, to find out whether there are more.
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
      // Only part of it was sent: the next snapshot must be complete.
      this.known.forget();
      throw error;
    }
  }

  close(): void {
    this.known.forget();
    this.reader.close();
  }
}

const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Collects runs into frames of about CHUNK_BYTES. */
class SnapshotFrames {
  private readonly readAtNs = process.hrtime.bigint();
  private readonly entryBytes: number;
  private bytes: Uint8Array | null = null;
  /** Of the same bytes. */
  private view: DataView = NO_VIEW;
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
    this.view.setUint32(this.used, first, true);
    this.view.setUint32(this.used + 4, count, true);
    this.used += MAP_RUN_HEADER_BYTES;
    const at = first - source.first;
    copyBytes(bytes, this.used, source.keys, at * keySize, count * keySize);
    this.used += count * keySize;
    if (spacing === stride) copyBytes(bytes, this.used, source.values, at * spacing, count * spacing);
    else
      for (let i = 0; i < count; i++)
        copyBytes(bytes, this.used + i * stride, source.values, (at + i) * spacing, stride);
    this.used += count * stride;
  }

  /** Memory of the frame being filled; a single long entry gets a frame of its own size. */
  private reserve(): Uint8Array {
    if (!this.bytes) {
      const least = MAP_CHANGES_HEADER_BYTES + MAP_RUN_HEADER_BYTES + this.entryBytes;
      this.bytes = this.target.connection.dataMemory(Math.max(CHUNK_BYTES, least));
      this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
      this.used = MAP_CHANGES_HEADER_BYTES;
    }
    return this.bytes;
  }

  private send(flags: number, entries: number): void {
    const { connection, sessionId, streamId } = this.target;
    const bytes = this.reserve();
    this.view.setUint32(0, flags | (this.isFirst ? MapChangesFlag.anew : 0), true);
    this.view.setUint32(4, entries, true);
    this.isFirst = false;
    this.bytes = null;
    connection.sendData(
      { sessionId, streamId, content: DataContent.mapChanges, records: 0, lost: 0, readAtNs: this.readAtNs },
      bytes.subarray(0, this.used),
    );
  }
}
