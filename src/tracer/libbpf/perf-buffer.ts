/** Reads a perf event array through its own rings: the kernel writes the program's bytes as PERF_RECORD_SAMPLE. */
import { systemError } from './errors';
import { ioctl, lastErrno, mapDelete, mapUpdate } from './ffi';
import { onlineCpus, openPerfEvent } from './perf-event';
import { PerfRings } from './perf-rings';

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_RAW = 1n << 10n;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_RECORD_SAMPLE = 9;
/** struct perf_event_header, then u32 size of the raw data. */
const RAW_DATA = 12;

/** 256 KiB per CPU: within kernel.perf_event_mlock_kb's default of 516, so no further capability is needed. */
const RING_PAGES = 64;

/** Throws TracerError; nothing stays open then. */
export function perfBufferSource(mapFd: number, maxEntries: number): PerfRings {
  return new PerfRings({
    ringPages: RING_PAGES,
    cpus: onlineCpus().filter(cpu => cpu < maxEntries),
    open: cpu =>
      openPerfEvent(
        {
          type: PERF_TYPE_SOFTWARE,
          config: PERF_COUNT_SW_BPF_OUTPUT,
          frequencyHz: 0,
          samplePeriod: 1,
          sampleType: PERF_SAMPLE_RAW,
          branchSampleType: 0n,
          wakeupEvents: 1,
        },
        0,
        cpu,
      ),
    start: (cpu, fd) => {
      if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
        throw perfError(`Enabling the perf ring of CPU ${cpu}`, lastErrno());
      const updated = mapUpdate(mapFd, u32(cpu), u32(fd), 0);
      if (updated < 0) throw perfError(`Adding the perf ring of CPU ${cpu} to the map`, -updated);
    },
    stop: cpu => {
      mapDelete(mapFd, u32(cpu));
    },
    part: (type, size, rawBytes) =>
      type === PERF_RECORD_SAMPLE ? { offset: RAW_DATA, length: Math.min(rawBytes, size - RAW_DATA) } : null,
  });
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const perfError = (what: string, errno: number) => systemError('kernel', `${what} failed`, errno, '');
