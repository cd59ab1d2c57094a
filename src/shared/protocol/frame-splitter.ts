import { FRAME_HEADER_BYTES, FRAME_LIMIT_BYTES, FrameError, FrameKind } from './frames';

/**
 * Cuts a byte stream into frames. Chunks may end anywhere. A payload handed out is valid until the next push: whoever
 * keeps it copies it. After an error the splitter refuses further input, so a broken peer cannot be half understood.
 */
export class FrameSplitter {
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private failed = false;

  constructor(private readonly onFrame: (kind: FrameKind, payload: Uint8Array) => void) {}

  /** Throws FrameError for an unknown kind or a length over the kind's limit. */
  push(chunk: Uint8Array): void {
    if (this.failed) throw new FrameError('malformed', 'the stream already failed');
    this.pending.push(chunk);
    this.pendingBytes += chunk.byteLength;
    try {
      while (this.takeOne());
    } catch (error) {
      this.failed = true;
      this.pending = [];
      throw error;
    }
  }

  private takeOne(): boolean {
    if (this.pendingBytes < FRAME_HEADER_BYTES) return false;
    const header = this.peek(FRAME_HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const length = view.getUint32(0, true);
    const kind = view.getUint8(4);
    if (kind !== FrameKind.rpc && kind !== FrameKind.blob && kind !== FrameKind.data) {
      throw new FrameError('unknown-kind', `frame of unknown kind ${kind}`);
    }
    if (length < 1 || length - 1 > FRAME_LIMIT_BYTES[kind]) {
      throw new FrameError('too-long', `frame of ${length} bytes, over the limit of kind ${kind}`);
    }
    const total = FRAME_HEADER_BYTES - 1 + length;
    if (this.pendingBytes < total) return false;
    const frame = this.take(total);
    this.onFrame(kind, frame.subarray(FRAME_HEADER_BYTES));
    return true;
  }

  /** The first `count` bytes in one piece, without consuming them. */
  private peek(count: number): Uint8Array {
    const first = this.pending[0];
    if (first && first.byteLength >= count) return first.subarray(0, count);
    const joined = this.take(count);
    this.pending.unshift(joined);
    this.pendingBytes += count;
    return joined;
  }

  private take(count: number): Uint8Array {
    this.pendingBytes -= count;
    const first = this.pending[0];
    if (first && first.byteLength >= count) {
      if (first.byteLength === count) this.pending.shift();
      else this.pending[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const joined = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const chunk = this.pending[0];
      if (!chunk) throw new FrameError('malformed', 'splitter lost count of its bytes');
      const part = Math.min(chunk.byteLength, count - at);
      joined.set(chunk.subarray(0, part), at);
      at += part;
      if (part === chunk.byteLength) this.pending.shift();
      else this.pending[0] = chunk.subarray(part);
    }
    return joined;
  }
}
