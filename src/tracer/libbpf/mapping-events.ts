/**
 * Executable mappings of a process, reported by the kernel as they happen: a dummy perf event yields a record for every
 * mapping of its process and of that process's children. Polling /proc/PID/maps would miss short-lived processes.
 */
import { onlineCpus, openPerfEvent } from './perf-event';
import { PerfRings } from './perf-rings';

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_DUMMY = 9n;

/** Bits of struct perf_event_attr; mmap without mmap_data reports executable mappings only. */
const ATTR_INHERIT = 1 << 1;
const ATTR_MMAP = 1 << 8;
const ATTR_TASK = 1 << 13;
const ATTR_MMAP2 = 1 << 23;

const PERF_RECORD_FORK = 7;
const PERF_RECORD_MMAP2 = 10;

/** 32 KiB per CPU: a mapping record is about 120 bytes, a process has about ten. */
const RING_PAGES = 8;

/** `pid` is in the tracer's pid namespace. Throws TracerError; nothing stays open then. */
export function mappingEventSource(pid: number): PerfRings {
  const nothing = (): void => undefined;
  return new PerfRings({
    ringPages: RING_PAGES,
    cpus: onlineCpus(),
    open: cpu =>
      openPerfEvent(
        {
          type: PERF_TYPE_SOFTWARE,
          config: PERF_COUNT_SW_DUMMY,
          frequencyHz: 0,
          samplePeriod: 0,
          sampleType: 0n,
          branchSampleType: 0n,
          wakeupEvents: 1,
          flags: ATTR_INHERIT | ATTR_MMAP | ATTR_TASK | ATTR_MMAP2,
        },
        pid,
        cpu,
      ),
    start: nothing,
    stop: nothing,
    part: (type, size) =>
      type === PERF_RECORD_MMAP2 || type === PERF_RECORD_FORK ? { offset: 0, length: size } : null,
  });
}
