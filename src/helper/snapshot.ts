/** One map, sent as data frames: bounded, held back while the client does not read. */
import { DataContent } from '../shared/protocol/frames';
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import type { Entries, MapReader } from './libbpf/maps';

/** Well below a data frame's limit. */
const FRAME_BYTES = 8 << 20;

export interface SnapshotTarget {
  readonly connection: FrameConnection;
  readonly sessionId: number;
  readonly streamId: number;
}

export interface SnapshotResult {
  readonly entries: number;
  readonly truncated: boolean;
}

/** Sends at most `maxEntries`, then the frame without entries that ends a snapshot. */
export async function sendSnapshot(
  target: SnapshotTarget,
  reader: MapReader,
  maxEntries: number,
  stopped: () => boolean,
): Promise<SnapshotResult> {
  const readAtNs = process.hrtime.bigint();
  let sent = 0;
  let truncated = false;
  // One more than wanted: whether there is more is known only by asking for it.
  for (const entries of reader.snapshot(maxEntries + 1)) {
    if (stopped()) break;
    const count = Math.min(entries.count, maxEntries - sent);
    truncated ||= entries.count > count;
    if (count > 0) send(target, readAtNs, entries, count);
    sent += count;
    if (!target.connection.writable) await target.connection.drained();
    else await new Promise(resolve => setImmediate(resolve));
  }
  send(target, readAtNs, NONE, 0);
  return { entries: sent, truncated };
}

const NONE: Entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };

/** Copies: the reader's buffers are written again before the client has read these. */
function send(target: SnapshotTarget, readAtNs: bigint, entries: Entries, count: number): void {
  const { connection, sessionId, streamId } = target;
  const header = { sessionId, streamId, content: DataContent.mapEntries, lost: 0, readAtNs };
  const keySize = entries.keys.byteLength / Math.max(1, entries.count);
  const stride = entries.values.byteLength / Math.max(1, entries.count);
  const perFrame = Math.max(1, Math.floor(FRAME_BYTES / Math.max(1, keySize + stride)));
  let first = 0;
  do {
    const part = Math.min(perFrame, count - first);
    const bytes = Buffer.allocUnsafeSlow(4 + part * (keySize + stride));
    bytes.writeUInt32LE(part, 0);
    bytes.set(entries.keys.subarray(first * keySize, (first + part) * keySize), 4);
    bytes.set(entries.values.subarray(first * stride, (first + part) * stride), 4 + part * keySize);
    connection.sendData(header, bytes);
    first += part;
  } while (first < count);
}
