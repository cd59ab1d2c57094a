/**
 * The one byte stream between a client (extension, bpfw) and the tracer.
 *
 *   u32 length of the rest, little endian | u8 kind | payload
 *
 * Kind `rpc` carries one JSON-RPC message in UTF-8; `blob` and `data` carry bytes that JSON should not. A frame
 * longer than its kind's limit closes the connection: both ends check before they allocate.
 */

export const FRAME_HEADER_BYTES = 5;

export const FrameKind = { rpc: 0, blob: 1, data: 2 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Limits in bytes, per kind. An object file with full vmlinux.h BTF is under 2 MiB; a BTF blob of a kernel under 16 MiB. */
export const FRAME_LIMIT_BYTES: Readonly<Record<FrameKind, number>> = {
  [FrameKind.rpc]: 1 << 20,
  [FrameKind.blob]: 64 << 20,
  [FrameKind.data]: 16 << 20,
};

/**
 * Blob payload: u32 blob id, then bytes. Sent before the RPC message that refers to the id; the receiver takes it when
 * it handles that message. The sender chooses ids, which count up from 1 and are never reused.
 */
export const BLOB_HEADER_BYTES = 4;

/**
 * Data payload: a fixed header, then bytes, tracer to client only.
 *
 *   u32 session | u32 stream | u8 content | u24 records | u32 lost since the last frame of this stream (saturating)
 *   u64 CLOCK_MONOTONIC ns when read
 */
export const DATA_HEADER_BYTES = 24;

export const DataContent = {
  /** Whole ring buffer records, including their 8-byte headers, as in the buffer (kernel/bpf/ringbuf.c). */
  ringSpan: 0,
  /** Perf buffer records: repeated { u32 cpu, u32 size, u8[round_up(size, 8)] }. */
  perfRecords: 1,
  /**
   * Part of a map's snapshot, as changes since the stream's previous one: u32 MapChangesFlags, u32 number of entries of
   * the whole snapshot (in its last part), then runs of entries that are new or changed, indexed in the map's order:
   * u32 first, u32 count, keys (count * keySize), values (count * valueStride).
   */
  mapChanges: 2,
  /** Lines of the trace pipe, UTF-8, newline-separated. */
  printk: 3,
  /** From the guest agent only: bytes of a process's standard stream; session is the process id, stream 1 or 2. */
  processOutput: 4,
} as const;
export type DataContent = (typeof DataContent)[keyof typeof DataContent];

/**
 * Fewest bytes of one record in a frame: its header, or a newline. What is not made of records has none. More than fit
 * are refused, whatever the header says.
 */
const LEAST_RECORD_BYTES: Readonly<Record<DataContent, number>> = {
  [DataContent.ringSpan]: 8,
  [DataContent.perfRecords]: 8,
  [DataContent.mapChanges]: Number.POSITIVE_INFINITY,
  [DataContent.printk]: 1,
  [DataContent.processOutput]: Number.POSITIVE_INFINITY,
};

export const MapChangesFlag = {
  /** Discard everything received before: this snapshot is complete, from the first entry on. */
  anew: 1,
  /** The snapshot is complete. */
  last: 2,
} as const;
export const MAP_CHANGES_HEADER_BYTES = 8;
export const MAP_RUN_HEADER_BYTES = 8;

export interface DataFrame {
  readonly sessionId: number;
  readonly streamId: number;
  readonly content: DataContent;
  /** Records in `bytes`: committed ring buffer records, perf buffer records, or lines. */
  readonly records: number;
  /** Records lost between kernel and client since the stream's last frame, as far as the tracer can count them. */
  readonly lost: number;
  readonly readAtNs: bigint;
  /** The receiver's own: nobody writes to them after the frame was received. */
  readonly bytes: Uint8Array;
}

export class FrameError extends Error {
  constructor(
    readonly code: 'unknown-kind' | 'too-long' | 'malformed' | 'closed',
    message: string,
  ) {
    super(message);
    this.name = 'FrameError';
  }
}

/** Writes the 5-byte header and payload parts of one frame into a single buffer. */
export function encodeFrame(kind: FrameKind, ...parts: readonly Uint8Array[]): Uint8Array {
  let payloadBytes = 0;
  for (const part of parts) payloadBytes += part.byteLength;
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payloadBytes);
  writeFrameHeader(new DataView(frame.buffer), kind, payloadBytes);
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.byteLength;
  }
  return frame;
}

/** Writes FRAME_HEADER_BYTES at the view's start, for a payload of this many bytes. */
export function writeFrameHeader(view: DataView, kind: FrameKind, payloadBytes: number): void {
  view.setUint32(0, payloadBytes + 1, true);
  view.setUint8(4, kind);
}

export function encodeBlob(blobId: number, bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(BLOB_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, blobId, true);
  return encodeFrame(FrameKind.blob, header, bytes);
}

/** The data header alone; the caller sends the bytes after it so that a span is copied once. */
export function encodeDataHeader(frame: Omit<DataFrame, 'bytes'>): Uint8Array {
  const header = new Uint8Array(DATA_HEADER_BYTES);
  writeDataHeader(new DataView(header.buffer), frame);
  return header;
}

/** Overwrites DATA_HEADER_BYTES at the view's start. */
export function writeDataHeader(view: DataView, frame: Omit<DataFrame, 'bytes'>): void {
  view.setUint32(0, frame.sessionId, true);
  view.setUint32(4, frame.streamId, true);
  // No frame is long enough for more records than 24 bits count.
  view.setUint32(8, frame.content + frame.records * 256, true);
  view.setUint32(12, Math.min(frame.lost, 0xffffffff), true);
  view.setBigUint64(16, frame.readAtNs, true);
}

/** `head`: DATA_HEADER_BYTES. Throws FrameError 'malformed' when its content type is unknown, or it has too many records. */
export function decodeData(head: Uint8Array, bytes: Uint8Array): DataFrame {
  const view = new DataView(head.buffer, head.byteOffset, DATA_HEADER_BYTES);
  const content = view.getUint8(8);
  if (content > DataContent.processOutput)
    throw new FrameError('malformed', `data frame of unknown content type ${content}`);
  const records = view.getUint32(8, true) >>> 8;
  if (records > bytes.byteLength / LEAST_RECORD_BYTES[content as DataContent])
    throw new FrameError('malformed', `data frame of ${bytes.byteLength} bytes and ${records} records`);
  return {
    sessionId: view.getUint32(0, true),
    streamId: view.getUint32(4, true),
    content: content as DataContent,
    records,
    lost: view.getUint32(12, true),
    readAtNs: view.getBigUint64(16, true),
    bytes,
  };
}

/** Throws FrameError 'malformed' when there is no id. */
export function decodeBlob(payload: Uint8Array): { readonly blobId: number; readonly bytes: Uint8Array } {
  if (payload.byteLength < BLOB_HEADER_BYTES) throw new FrameError('malformed', 'blob frame without an id');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { blobId: view.getUint32(0, true), bytes: payload.subarray(BLOB_HEADER_BYTES) };
}
