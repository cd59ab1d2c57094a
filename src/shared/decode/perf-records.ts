import type { RecordIndex } from './ring-span';

export interface PerfRecordIndex extends RecordIndex {
  /** The CPU each record was written on. */
  readonly cpus: Uint32Array;
}

const HEADER_BYTES = 8;

/**
 * Finds the records of a perf buffer frame (DataContent.perfRecords): repeated { u32 cpu, u32 size, data, padding to
 * 8 }. Stops before a record that is cut off. The kernel pads raw samples, so a record can be up to 7 bytes longer
 * than what the program wrote.
 */
export function indexPerfRecords(bytes: Uint8Array): PerfRecordIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  let at = 0;
  while (at + HEADER_BYTES <= bytes.byteLength) {
    const length = view.getUint32(at + 4, true);
    if (at + HEADER_BYTES + length > bytes.byteLength) break;
    count++;
    at += HEADER_BYTES + roundUp8(length);
  }
  const consumedBytes = Math.min(at, bytes.byteLength);

  const offsets = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  const cpus = new Uint32Array(count);
  at = 0;
  for (let record = 0; record < count; record++) {
    const length = view.getUint32(at + 4, true);
    cpus[record] = view.getUint32(at, true);
    offsets[record] = at + HEADER_BYTES;
    lengths[record] = length;
    at += HEADER_BYTES + roundUp8(length);
  }
  return { count, offsets, lengths, cpus, consumedBytes };
}

/** Not by bit operations: a hostile length may be close to 2^32. */
function roundUp8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
