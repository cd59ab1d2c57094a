import { DATA_HEADER_BYTES, FRAME_HEADER_BYTES, FRAME_LIMIT_BYTES, FrameError, FrameKind } from './frames';

/** Allocated at once for a payload; more only as data arrives, so that a length field alone cannot cause it. */
const AT_ONCE_BYTES = 1 << 20;

/** `bytes` are in memory of their own, which is the receiver's from then on. `head`, of data frames, is valid during the call. */
export type ReceivedFrame =
  | { readonly kind: typeof FrameKind.rpc | typeof FrameKind.blob; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: typeof FrameKind.data;
      readonly head: Uint8Array;
      readonly bytes: Uint8Array<ArrayBuffer>;
    };

/**
 * Splits a byte stream into frames. Chunks may end anywhere. A channel that reads straight into `space()` saves the copy:
 * a data frame's bytes then come from the kernel to where they stay. After an error the splitter refuses further input,
 * so that data of a broken peer is never partly processed.
 */
export class FrameSplitter {
  /** Headers, and what was read behind them. */
  private readonly staged = new Uint8Array(FRAME_HEADER_BYTES + DATA_HEADER_BYTES);
  private stagedBytes = 0;
  private readonly head = new Uint8Array(DATA_HEADER_BYTES);
  private kind: FrameKind = FrameKind.rpc;
  /** The payload being received, of data without its header; null between frames. */
  private payload: Uint8Array<ArrayBuffer> | null = null;
  private payloadBytes = 0;
  private received = 0;
  private failed = false;

  constructor(private readonly onFrame: (frame: ReceivedFrame) => void) {}

  /** Where the next bytes belong; never empty. */
  space(): Uint8Array<ArrayBuffer> {
    const { payload } = this;
    return payload ? payload.subarray(this.received) : this.staged.subarray(this.stagedBytes);
  }

  /** Takes any bytes, or those that were read into `space()`. Throws FrameError for an unknown kind or a length over the kind's limit. */
  push(chunk: Uint8Array): void {
    if (this.failed) throw new FrameError('malformed', 'the stream has already failed');
    try {
      for (let at = 0; at < chunk.byteLength; ) {
        const space = this.space();
        const count = Math.min(space.byteLength, chunk.byteLength - at);
        const isThere = chunk.buffer === space.buffer && chunk.byteOffset + at === space.byteOffset;
        if (!isThere) space.set(chunk.subarray(at, at + count));
        this.advance(count);
        at += count;
      }
    } catch (error) {
      this.failed = true;
      this.payload = null;
      throw error;
    }
  }

  private advance(count: number): void {
    if (!this.payload) {
      this.stagedBytes += count;
      this.takeStaged();
      return;
    }
    this.received += count;
    this.grow();
    this.finish();
  }

  /** Takes whole headers, and as much of their payloads as was read with them. */
  private takeStaged(): void {
    const { staged } = this;
    const view = new DataView(staged.buffer);
    let at = 0;
    while (!this.payload && this.stagedBytes - at >= FRAME_HEADER_BYTES) {
      const length = view.getUint32(at, true);
      const kind = kindOf(view.getUint8(at + 4));
      if (length < 1 || length - 1 > FRAME_LIMIT_BYTES[kind])
        throw new FrameError('too-long', `frame of ${length} bytes, over the limit of kind ${kind}`);
      const headBytes = kind === FrameKind.data ? DATA_HEADER_BYTES : 0;
      if (length - 1 < headBytes) throw new FrameError('malformed', 'data frame with an incomplete header');
      if (this.stagedBytes - at < FRAME_HEADER_BYTES + headBytes) break;
      at += FRAME_HEADER_BYTES;
      if (headBytes > 0) this.head.set(staged.subarray(at, at + headBytes));
      at += headBytes;
      this.kind = kind;
      this.payloadBytes = length - 1 - headBytes;
      this.received = Math.min(this.payloadBytes, this.stagedBytes - at);
      this.payload = new Uint8Array(Math.min(this.payloadBytes, AT_ONCE_BYTES));
      this.payload.set(staged.subarray(at, at + this.received));
      at += this.received;
      this.finish();
    }
    staged.copyWithin(0, at, this.stagedBytes);
    this.stagedBytes -= at;
  }

  private grow(): void {
    const { payload, received, payloadBytes } = this;
    if (!payload || received < payload.byteLength || received === payloadBytes) return;
    this.payload = new Uint8Array(Math.min(payloadBytes, 2 * received));
    this.payload.set(payload);
  }

  private finish(): void {
    const { payload: bytes, kind, head } = this;
    if (!bytes || this.received < this.payloadBytes) return;
    this.payload = null;
    this.onFrame(kind === FrameKind.data ? { kind, head, bytes } : { kind, bytes });
  }
}

function kindOf(kind: number): FrameKind {
  if (kind !== FrameKind.rpc && kind !== FrameKind.blob && kind !== FrameKind.data)
    throw new FrameError('unknown-kind', `frame of unknown kind ${kind}`);
  return kind;
}
