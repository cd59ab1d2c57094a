import { DATA_HEADER_BYTES, FRAME_HEADER_BYTES } from './frames';

/** Size of a reusable block: a chunk of a kernel buffer. Longer frames get their own memory. */
const BLOCK_BYTES = 260 << 10;
/** Idle blocks to keep: as much as a client may leave unread (4 MiB). */
const MOST_IDLE = 16;
/** Headroom for the frame header and the data header, so that the data is 8-byte aligned like the kernel's records. */
const HEADROOM_BYTES = (FRAME_HEADER_BYTES + DATA_HEADER_BYTES + 7) & ~7;

/** A pool of buffers for outgoing data frames, so that memory is allocated only once. */
export class DataMemory {
  private readonly idle: ArrayBuffer[] = [];
  /** Buffers in use; weak, because a frame that is never sent is not returned. */
  private readonly taken = new WeakSet<ArrayBufferLike>();

  /** Exactly this many bytes, of arbitrary content, with headroom for both headers before them. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const length = HEADROOM_BYTES + bytes;
    const block =
      length <= BLOCK_BYTES ? (this.idle.pop() ?? new ArrayBuffer(BLOCK_BYTES)) : new ArrayBuffer(length);
    this.taken.add(block);
    return new Uint8Array(block, HEADROOM_BYTES, bytes);
  }

  /** Whether these bytes start where a buffer from `take` starts, and were not returned. */
  owns(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
    return bytes.byteOffset === HEADROOM_BYTES && this.taken.has(bytes.buffer);
  }

  giveBack(block: ArrayBuffer): void {
    if (!this.taken.delete(block)) return;
    if (block.byteLength === BLOCK_BYTES && this.idle.length < MOST_IDLE) this.idle.push(block);
  }
}
