/**
 * The kernel's records about a watched process (TracerRequestSchemas['process/watch']): struct perf_event_header
 * { u32 type; u16 misc; u16 size } and the record's own fields (include/uapi/linux/perf_event.h).
 */
import { indexPerfRecords } from '../../shared/decode/perf-records';
import type { Mapping } from './process-maps';

export type MappingRecord =
  | { readonly kind: 'mapping'; readonly pid: number; readonly mapping: Mapping }
  | { readonly kind: 'fork'; readonly pid: number; readonly parent: number };

const PERF_RECORD_FORK = 7;
const PERF_RECORD_MMAP2 = 10;
/** MMAP2: header, pid, tid, addr, len, pgoff, then device, inode and protection; the file's name from here, NUL-terminated. */
const MMAP2_NAME = 72;
/** FORK: header, pid, ppid, tid, ptid, time. */
const FORK_BYTES = 32;

/** The records of one frame, without those of other types and without new threads (forks within a process). */
export function parseMappingRecords(frame: Uint8Array): MappingRecord[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const { count, offsets, lengths } = indexPerfRecords(frame);
  const records: MappingRecord[] = [];
  for (let index = 0; index < count; index++) {
    const at = offsets[index] ?? 0;
    const length = lengths[index] ?? 0;
    if (length < FORK_BYTES) continue;
    const type = view.getUint32(at, true);
    const pid = view.getUint32(at + 8, true);
    if (type === PERF_RECORD_FORK) {
      const parent = view.getUint32(at + 12, true);
      if (pid !== parent) records.push({ kind: 'fork', pid, parent });
    } else if (type === PERF_RECORD_MMAP2 && length > MMAP2_NAME) {
      const start = view.getBigUint64(at + 16, true);
      const name = frame.subarray(at + MMAP2_NAME, at + length);
      const end = name.indexOf(0);
      records.push({
        kind: 'mapping',
        pid,
        mapping: {
          start,
          end: start + view.getBigUint64(at + 24, true),
          offset: view.getBigUint64(at + 32, true),
          path: new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)),
        },
      });
    }
  }
  return records;
}
