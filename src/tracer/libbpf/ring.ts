/**
 * A BPF ring buffer, mapped and walked here: no call into libbpf and none per record. Layout and header bits:
 * kernel/bpf/ringbuf.c (consumer page, producer page, data mapped twice so that a record never wraps).
 */
import { DATA_HEADER_BYTES, DataContent, FRAME_LIMIT_BYTES, FrameKind } from '../../shared/protocol/frames';
import {
  CHUNK_BYTES,
  type Chunk,
  type ChunkMemory,
  type SourceMark,
  type StreamSource,
} from '../stream-source';
import { getpagesize } from './ffi';
import { type MappedMemory, mapShared } from './memory';

const HEADER_BYTES = 8;
/** BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT of include/uapi/linux/bpf.h. */
const BUSY = 1 << 31;
const DISCARD = 1 << 30;
const LENGTH_MASK = DISCARD - 1;
/**
 * Committed is read before the record is. On x86 loads are never reordered with loads, so plain ones will do, which cost
 * a third; elsewhere (arm64) a header is loaded with acquire semantics. The compiler cannot move the copy, a call that
 * may change anything, before them.
 */
const LOADS_STAY_IN_ORDER = process.arch === 'x64';
const LONGEST_FORWARDED = FRAME_LIMIT_BYTES[FrameKind.data] - DATA_HEADER_BYTES;

export class RingSource implements StreamSource {
  readonly content = DataContent.ringSpan;
  readonly descriptors: readonly number[];
  readonly capacityBytes: number;
  private readonly consumerPage: MappedMemory;
  private readonly ring: MappedMemory;
  private readonly dataOffset: number;
  private readonly copied: Uint8Array | null;
  private consumed: number;
  private closed = false;

  /** `sizeBytes` is the map's max_entries as created: a power of two of whole pages. */
  constructor(mapFd: number, sizeBytes: number) {
    const page = getpagesize();
    this.descriptors = [mapFd];
    this.capacityBytes = sizeBytes;
    this.dataOffset = page;
    this.consumerPage = mapShared(mapFd, page, 0, true);
    // The producer's side may be mapped read-only only.
    this.ring = mapShared(mapFd, page + 2 * sizeBytes, page, false);
    this.copied = this.ring.words ? null : new Uint8Array(Math.min(sizeBytes, CHUNK_BYTES));
    this.consumed = this.consumerPage.loadUint64(0);
  }

  take(memory: ChunkMemory): Chunk | null {
    if (this.closed) return null;
    const available = this.ring.loadUint64(0) - this.consumed;
    if (available <= 0) return null;
    const start = this.dataOffset + (this.consumed % this.capacityBytes);
    const span = this.ring.words
      ? spanInWords(this.ring.words, start, available)
      : this.spanByCopy(start, available);
    if (span.length === 0) return null;
    if (span.length > LONGEST_FORWARDED) {
      this.publish(span.length);
      return { bytes: new Uint8Array(0), records: 0, lost: span.records, more: true };
    }
    const bytes = memory(span.length);
    this.ring.copy(start, span.length, bytes, 0);
    this.publish(span.length);
    return { bytes, records: span.records, lost: 0, more: span.bounded };
  }

  mark(): SourceMark {
    if (this.closed) return { reached: () => true };
    const producer = this.ring.loadUint64(0);
    return { reached: () => this.closed || this.consumed >= producer };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.consumerPage.unmap();
    this.ring.unmap();
  }

  /** Gives the space back. The copy above is complete: the kernel may write there from now on. */
  private publish(length: number): void {
    this.consumed += length;
    this.consumerPage.storeUint64(0, this.consumed);
  }

  /** Copy mode: headers are walked in a copy; the caller copies the span again, after its headers were seen committed. */
  private spanByCopy(start: number, available: number): Span {
    const scratch = this.copied ?? new Uint8Array(0);
    const first = lengthOf(this.ring.loadUint32(start));
    const bytes = Math.min(available, scratch.byteLength);
    this.ring.copy(start, bytes, scratch, 0);
    const span = spanInWords(new Int32Array(scratch.buffer), 0, bytes);
    // The first record alone may be longer than the scratch.
    if (span.length > bytes) return first === null ? NO_SPAN : span;
    return bytes < available ? { ...span, bounded: true } : span;
  }
}

interface Span {
  readonly length: number;
  /** Without discarded ones. */
  readonly records: number;
  /** It ends because it is long enough, not because the next record is missing or being written. */
  readonly bounded: boolean;
}
const NO_SPAN: Span = { length: 0, records: 0, bounded: false };

const lengthOf = (header: number): number | null => ((header & BUSY) !== 0 ? null : header & LENGTH_MASK);

/**
 * Bytes of the committed records from byte `start` on, at most CHUNK_BYTES unless the first alone is longer. Stops at
 * the first record still being written. Exported for its test.
 */
export function spanInWords(
  words: Int32Array,
  start: number,
  available: number,
  inOrder = LOADS_STAY_IN_ORDER,
): Span {
  let length = 0;
  let records = 0;
  while (length < available) {
    const at = (start + length) >>> 2;
    const header = inOrder ? (words[at] ?? BUSY) : Atomics.load(words, at);
    // BUSY is the sign.
    if (header < 0) break;
    const step = ((header & LENGTH_MASK) + HEADER_BYTES + 7) & ~7;
    if (length + step > CHUNK_BYTES && length > 0) return { length, records, bounded: true };
    length += step;
    if (header < DISCARD) records++;
  }
  return { length, records, bounded: false };
}
