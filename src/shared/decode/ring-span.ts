/** Positions of the records in a span: `offsets[i]` is the first byte of record i's data, `lengths[i]` its length. */
export interface RecordIndex {
  readonly count: number;
  /** Both have exactly `count` elements. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
}

/** include/uapi/linux/bpf.h: BPF_RINGBUF_HDR_SZ, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT. */
const HEADER_BYTES = 8;
const BUSY = 0x80000000;
const DISCARD = 0x40000000;
const LENGTH_MASK = 0x3fffffff;

/**
 * Finds the committed records in bytes of a BPF ring buffer (kernel/bpf/ringbuf.c): 8-byte headers { u32 length and flags;
 * u32 page offset }, data, padding to 8. Skips discarded records and stops at the first busy or incomplete one. Copies
 * nothing. `bytes` must begin at a header.
 */
export function indexRingSpan(bytes: Uint8Array): RecordIndex {
  const same = sameRecords(bytes);
  if (same) return indexSame(same);
  const { byteLength } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  // A single pass: most streams have records of one length, so the first one determines their number.
  const first =
    byteLength >= HEADER_BYTES ? roundUp8(HEADER_BYTES + (view.getUint32(0, true) & LENGTH_MASK)) : 8;
  let offsets = new Uint32Array(Math.ceil(byteLength / first));
  let lengths = new Uint32Array(offsets.length);
  let count = 0;
  let at = 0;
  while (at + HEADER_BYTES <= byteLength) {
    const header = view.getUint32(at, true);
    if ((header & BUSY) !== 0) break;
    const length = header & LENGTH_MASK;
    if (at + HEADER_BYTES + length > byteLength) break;
    if ((header & DISCARD) === 0) {
      if (count === offsets.length) {
        const capacity = Math.max(64, count * 2);
        offsets = grown(offsets, capacity);
        lengths = grown(lengths, capacity);
      }
      offsets[count] = at + HEADER_BYTES;
      lengths[count++] = length;
    }
    at += roundUp8(HEADER_BYTES + length);
  }
  return {
    count,
    offsets: count === offsets.length ? offsets : offsets.slice(0, count),
    lengths: count === lengths.length ? lengths : lengths.slice(0, count),
  };
}

/** A span that consists only of complete, committed records of one length, as most do. */
export interface SameRecords {
  readonly count: number;
  /** Length of a record's data. */
  readonly length: number;
  /** Bytes from one record to the next. */
  readonly stride: number;
  /** Of the first record's data. */
  readonly offset: number;
}

/**
 * The span's records if all have one length and are committed and complete, including the last one's padding; otherwise,
 * or if the span is not 4-byte aligned in its buffer, null. Reads each header once.
 */
export function sameRecords(bytes: Uint8Array): SameRecords | null {
  if ((bytes.byteOffset & 3) !== 0 || bytes.byteLength < HEADER_BYTES) return null;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  const length = words[0] ?? 0;
  // Without both flags: not negative, and below DISCARD.
  if (length < 0 || length >= DISCARD) return null;
  const stride = roundUp8(HEADER_BYTES + length);
  const count = bytes.byteLength / stride;
  if (!Number.isInteger(count)) return null;
  const step = stride >> 2;
  const end = words.length;
  for (let at = step; at < end; at += step) if (words[at] !== length) return null;
  return { count, length, stride, offset: HEADER_BYTES };
}

function indexSame({ count, length, stride, offset }: SameRecords): RecordIndex {
  const offsets = new Uint32Array(count);
  for (let i = 0, at = offset; i < count; i++, at += stride) offsets[i] = at;
  return { count, offsets, lengths: new Uint32Array(count).fill(length) };
}

function grown(values: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(capacity);
  more.set(values);
  return more;
}

function roundUp8(bytes: number): number {
  return (bytes + 7) & ~7;
}
