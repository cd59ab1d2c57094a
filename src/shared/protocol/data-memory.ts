import { DATA_HEADER_BYTES, FRAME_HEADER_BYTES } from './frames';

/** Bytes of a frame that are used again; longer frames get memory of their own. Room for a chunk of a kernel buffer. */
const BLOCK_BYTES = 260 << 10;
/** Blocks kept while nobody needs them: what a client may leave unread (4 MiB). */
const MOST_IDLE = 16;
/** The data begins at a multiple of 8 as the kernel's records do, the frame's and the data's header just before it. */
const HEADROOM_BYTES = (FRAME_HEADER_BYTES + DATA_HEADER_BYTES + 7) & ~7;

/** Buffers for outgoing data frames, handed out again and again: memory and its pages are paid for once. */
export class DataMemory {
  private readonly idle: ArrayBuffer[] = [];
  /** Handed out and not given back; weak, because a frame that is never sent is forgotten by its taker. */
  private readonly taken = new WeakSet<ArrayBufferLike>();

  /** Exactly so many bytes, of arbitrary content, with room for both headers before them. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const length = HEADROOM_BYTES + bytes;
    const block =
      length <= BLOCK_BYTES ? (this.idle.pop() ?? new ArrayBuffer(BLOCK_BYTES)) : new ArrayBuffer(length);
    this.taken.add(block);
    return new Uint8Array(block, HEADROOM_BYTES, bytes);
  }

  /** Whether `take` gave these bytes from their first on, and nobody gave them back. */
  owns(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
    return bytes.byteOffset === HEADROOM_BYTES && this.taken.has(bytes.buffer);
  }

  giveBack(block: ArrayBuffer): void {
    if (!this.taken.delete(block)) return;
    if (block.byteLength === BLOCK_BYTES && this.idle.length < MOST_IDLE) this.idle.push(block);
  }
}
