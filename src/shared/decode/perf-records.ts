import type { RecordIndex } from './ring-span';

const HEADER_BYTES = 8;

/**
 * Finds the records of a perf buffer frame (DataContent.perfRecords): repeated { u32 cpu, u32 size, data, padding to
 * 8 }. Stops before a truncated record. The kernel pads raw samples, so a record can be up to 7 bytes longer than the
 * program's data.
 */
export function indexPerfRecords(bytes: Uint8Array): RecordIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = new Uint32Array(bytes.byteLength >>> 3);
  const lengths = new Uint32Array(offsets.length);
  let count = 0;
  for (let at = 0; at + HEADER_BYTES <= bytes.byteLength; count++) {
    const length = view.getUint32(at + 4, true);
    if (at + HEADER_BYTES + length > bytes.byteLength) break;
    offsets[count] = at + HEADER_BYTES;
    lengths[count] = length;
    // Without bit operations, because a malicious length may be close to 2^32.
    at += HEADER_BYTES + Math.ceil(length / 8) * 8;
  }
  return { count, offsets: offsets.slice(0, count), lengths: lengths.slice(0, count) };
}
