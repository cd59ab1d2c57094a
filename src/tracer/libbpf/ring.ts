/**
 * Reads a BPF ring buffer through its mapping, without libbpf and without a call per record. Layout and header bits:
 * kernel/bpf/ringbuf.c (consumer page, producer page, data mapped twice so that a record never wraps).
 */
import { DATA_HEADER_BYTES, DataContent, FRAME_LIMIT_BYTES, FrameKind } from '../../shared/protocol/frames';
import {
  CHUNK_BYTES,
  type Chunk,
  type ChunkMemory,
  type SourceMark,
  type StreamSource,
} from '../common/stream-source';
import { getpagesize } from './ffi';
import { type MappedMemory, mapShared } from './memory';

const HEADER_BYTES = 8;
/** BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT of include/uapi/linux/bpf.h. */
const BUSY = 1 << 31;
const DISCARD = 1 << 30;
const LENGTH_MASK = DISCARD - 1;
/**
 * A record's header must be read before its bytes. x86 never reorders loads with loads, so plain loads suffice there, at
 * a third of the cost; elsewhere (arm64) a header is loaded with acquire semantics. The compiler cannot move the copy
 * before them, because it is a call that may change any memory.
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
    // The kernel allows only a read-only mapping of the producer's side.
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

  /** Returns the space to the kernel, which may overwrite it from now on: the records must have been copied. */
  private publish(length: number): void {
    this.consumed += length;
    this.consumerPage.storeUint64(0, this.consumed);
  }

  /** Copy mode: scans headers in a copy; the caller copies the span again once its headers were seen committed. */
  private spanByCopy(start: number, available: number): Span {
    const scratch = this.copied ?? new Uint8Array(0);
    const first = lengthOf(this.ring.loadUint32(start));
    const bytes = Math.min(available, scratch.byteLength);
    this.ring.copy(start, bytes, scratch, 0);
    const span = spanInWords(new Int32Array(scratch.buffer), 0, bytes);
    // The first record alone may exceed the scratch buffer.
    if (span.length > bytes) return first === null ? NO_SPAN : span;
    return bytes < available ? { ...span, bounded: true } : span;
  }
}

interface Span {
  readonly length: number;
  /** Excludes discarded records. */
  readonly records: number;
  /** True when the span ends at the size limit, not because the next record is missing or being written. */
  readonly bounded: boolean;
}
const NO_SPAN: Span = { length: 0, records: 0, bounded: false };

const lengthOf = (header: number): number | null => ((header & BUSY) !== 0 ? null : header & LENGTH_MASK);

/**
 * Bytes of the committed records from byte `start` on, at most CHUNK_BYTES unless the first record is longer. Stops at
 * the first record that is still being written. Exported for its test.
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
    // The BUSY bit is the sign bit.
    if (header < 0) break;
    const step = ((header & LENGTH_MASK) + HEADER_BYTES + 7) & ~7;
    if (length + step > CHUNK_BYTES && length > 0) return { length, records, bounded: true };
    length += step;
    if (header >= DISCARD) continue;
    records++;
    const same = sameRecords(words, at, header, step, Math.min(available, CHUNK_BYTES) - length, inOrder);
    length += same * step;
    records += same;
  }
  return { length, records, bounded: false };
}

/**
 * How many records behind the one at `at` are like it: of one length and committed, as in most streams. Within `bytes`. A
 * loop of few steps: it keeps up with programs before it is compiled, too, when a stream has just begun.
 */
function sameRecords(
  words: Int32Array,
  at: number,
  header: number,
  step: number,
  bytes: number,
  inOrder: boolean,
): number {
  const stride = step >>> 2;
  const first = at + stride;
  const end = first + Math.floor(bytes / step) * stride;
  let next = first;
  if (inOrder) while (next < end && words[next] === header) next += stride;
  else while (next < end && Atomics.load(words, next) === header) next += stride;
  return (next - first) / stride;
}
