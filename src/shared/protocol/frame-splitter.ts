import { FRAME_HEADER_BYTES, FRAME_LIMIT_BYTES, FrameError, FrameKind } from './frames';

/** The buffer for joined frames is reused up to this size; a longer one is released. */
const KEPT_BYTES = 2 << 20;

/**
 * Splits a byte stream into frames. Chunks may end anywhere. A payload is valid until the next push; to keep it, copy it.
 * A frame within one chunk is not copied; one that spans several is joined in a reused buffer, aligned to 8 bytes. After
 * an error the splitter refuses further input, so that data of a broken peer is never partly processed.
 */
export class FrameSplitter {
  private readonly header = new Uint8Array(FRAME_HEADER_BYTES);
  private headerBytes = 0;
  private kind: FrameKind = FrameKind.rpc;
  private payloadBytes = 0;
  /** Contains the first `joinedBytes` bytes of the payload being received. */
  private joined = new Uint8Array(0);
  private joinedBytes = 0;
  private failed = false;

  constructor(private readonly onFrame: (kind: FrameKind, payload: Uint8Array) => void) {}

  /** Throws FrameError for an unknown kind or a length over the kind's limit. */
  push(chunk: Uint8Array): void {
    if (this.failed) throw new FrameError('malformed', 'the stream has already failed');
    try {
      for (let at = 0; at < chunk.byteLength; ) {
        at = this.headerBytes < FRAME_HEADER_BYTES ? this.takeHeader(chunk, at) : this.takePayload(chunk, at);
      }
    } catch (error) {
      this.failed = true;
      this.joined = new Uint8Array(0);
      throw error;
    }
  }

  private takeHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.byteLength && this.headerBytes < FRAME_HEADER_BYTES)
      this.header[this.headerBytes++] = chunk[at++] ?? 0;
    if (this.headerBytes < FRAME_HEADER_BYTES) return at;
    const view = new DataView(this.header.buffer);
    const length = view.getUint32(0, true);
    const kind = view.getUint8(4);
    if (kind !== FrameKind.rpc && kind !== FrameKind.blob && kind !== FrameKind.data) {
      throw new FrameError('unknown-kind', `frame of unknown kind ${kind}`);
    }
    if (length < 1 || length - 1 > FRAME_LIMIT_BYTES[kind]) {
      throw new FrameError('too-long', `frame of ${length} bytes, over the limit of kind ${kind}`);
    }
    this.kind = kind;
    this.payloadBytes = length - 1;
    if (this.payloadBytes === 0) this.finish(chunk.subarray(at, at));
    return at;
  }

  private takePayload(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.byteLength, at + this.payloadBytes - this.joinedBytes);
    if (this.joinedBytes === 0 && end - at === this.payloadBytes) {
      this.finish(chunk.subarray(at, end));
      return end;
    }
    this.reserve(this.joinedBytes + end - at);
    this.joined.set(chunk.subarray(at, end), this.joinedBytes);
    this.joinedBytes += end - at;
    if (this.joinedBytes === this.payloadBytes) {
      const { joined } = this;
      this.joinedBytes = 0;
      this.finish(joined.subarray(0, this.payloadBytes));
      if (joined.byteLength > KEPT_BYTES) this.joined = new Uint8Array(0);
    }
    return end;
  }

  /** Grows with the received data, so that a length field alone cannot cause an allocation. */
  private reserve(bytes: number): void {
    if (bytes <= this.joined.byteLength) return;
    const grown = new Uint8Array(Math.max(bytes, Math.min(this.payloadBytes, 2 * bytes)));
    grown.set(this.joined.subarray(0, this.joinedBytes));
    this.joined = grown;
  }

  private finish(payload: Uint8Array): void {
    this.headerBytes = 0;
    this.onFrame(this.kind, payload);
  }
}
