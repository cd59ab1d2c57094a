/** Where the records of one span lie: `offsets[i]` is the first byte of record i's data, `lengths[i]` its length. */
export interface RecordIndex {
  readonly count: number;
  /** Both have exactly `count` elements. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Bytes understood from the start; less than the span's when it ends in a record not yet committed or cut off. */
  readonly consumedBytes: number;
}

/** include/uapi/linux/bpf.h: BPF_RINGBUF_HDR_SZ, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT. */
const HEADER_BYTES = 8;
const BUSY = 0x80000000;
const DISCARD = 0x40000000;
const LENGTH_MASK = 0x3fffffff;

/**
 * Finds the committed records in bytes as they lay in a BPF ring buffer (kernel/bpf/ringbuf.c): 8-byte headers
 * { u32 length and flags; u32 page offset }, data, padding to 8. Discarded records are skipped; the first busy or
 * incomplete one ends the walk. Copies nothing. `bytes` must begin at a header.
 */
export function indexRingSpan(bytes: Uint8Array): RecordIndex {
  const { byteLength } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  // One walk: most streams have records of one length, so the first tells how many there are.
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
    // The padding of the last record need not be there.
    consumedBytes: Math.min(at, byteLength),
  };
}

function grown(values: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(capacity);
  more.set(values);
  return more;
}

function roundUp8(bytes: number): number {
  return (bytes + 7) & ~7;
}
