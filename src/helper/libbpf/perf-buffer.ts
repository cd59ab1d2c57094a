/**
 * A perf event array read through rings of our own, one per online CPU: the kernel writes PERF_RECORD_SAMPLE records
 * with the program's bytes, and PERF_RECORD_LOST when a ring was full (include/uapi/linux/perf_event.h).
 */
import { DataContent } from '../../shared/protocol/frames';
import { CHUNK_BYTES, type Chunk, type SourceMark, type StreamSource } from '../stream-source';
import { systemError } from './errors';
import { close, getpagesize, ioctl, lastErrno, mapDelete, mapUpdate } from './ffi';
import { type MappedMemory, mapShared } from './memory';
import { onlineCpus, openPerfEvent } from './perf-event';

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_RAW = 1n << 10n;
const PERF_EVENT_IOC_ENABLE = 0x2400;

/** struct perf_event_mmap_page */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const RECORD_HEADER_BYTES = 8;
/** perf_event_header.size is 16 bits wide. */
const LONGEST_RECORD = 1 << 16;
const OUT_HEADER_BYTES = 8;

/** 256 KiB a CPU: inside kernel.perf_event_mlock_kb's default of 516, so no further capability is needed. */
const RING_PAGES = 64;

interface CpuRing {
  readonly cpu: number;
  readonly fd: number;
  readonly memory: MappedMemory;
}

export class PerfBufferSource implements StreamSource {
  readonly content = DataContent.perfRecords;
  readonly descriptors: readonly number[];
  readonly capacityBytes: number;
  private readonly rings: CpuRing[] = [];
  private readonly page = getpagesize();
  private readonly out = Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_RECORD);
  private nextRing = 0;
  private closed = false;

  /** Throws HelperError; nothing stays open then. */
  constructor(
    private readonly mapFd: number,
    maxEntries: number,
  ) {
    this.capacityBytes = RING_PAGES * this.page;
    try {
      for (const cpu of onlineCpus()) if (cpu < maxEntries) this.rings.push(this.openRing(cpu));
    } catch (error) {
      this.close();
      throw error;
    }
    this.descriptors = this.rings.map(ring => ring.fd);
  }

  private openRing(cpu: number): CpuRing {
    const fd = openPerfEvent(
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
    );
    let memory: MappedMemory | undefined;
    try {
      memory = mapShared(fd, (1 + RING_PAGES) * this.page, 0, true);
      if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
        throw perfError(`Enabling the perf ring of CPU ${cpu}`, lastErrno());
      const updated = mapUpdate(this.mapFd, u32(cpu), u32(fd), 0);
      if (updated < 0) throw perfError(`Giving the program its perf ring of CPU ${cpu}`, -updated);
      return { cpu, fd, memory };
    } catch (error) {
      memory?.unmap();
      close(fd);
      throw error;
    }
  }

  take(): Chunk | null {
    if (this.closed) return null;
    const taken = { bytes: 0, records: 0, lost: 0 };
    // Start with another CPU each time, so that a busy one cannot starve the rest.
    for (let i = 0; i < this.rings.length && taken.bytes < CHUNK_BYTES; i++) {
      const ring = this.rings[(this.nextRing + i) % this.rings.length];
      if (ring) this.drainRing(ring, taken);
    }
    this.nextRing = (this.nextRing + 1) % Math.max(1, this.rings.length);
    if (taken.bytes === 0 && taken.lost === 0) return null;
    const bytes = Buffer.allocUnsafeSlow(taken.bytes);
    this.out.copy(bytes, 0, 0, taken.bytes);
    return { bytes, records: taken.records, lost: taken.lost, more: taken.bytes >= CHUNK_BYTES };
  }

  private drainRing(ring: CpuRing, taken: { bytes: number; records: number; lost: number }): void {
    const { memory } = ring;
    const head = memory.loadUint64(DATA_HEAD);
    let tail = memory.loadUint64(DATA_TAIL);
    while (tail < head && taken.bytes < CHUNK_BYTES) {
      const type = memory.loadUint32(this.at(tail));
      const size = memory.loadUint32(this.at(tail + 4)) >>> 16;
      if (size < RECORD_HEADER_BYTES) break;
      if (type === PERF_RECORD_SAMPLE) {
        const length = memory.loadUint32(this.at(tail + RECORD_HEADER_BYTES));
        const bounded = Math.min(length, size - RECORD_HEADER_BYTES - 4);
        taken.bytes += this.emit(ring, tail + RECORD_HEADER_BYTES + 4, bounded, taken.bytes);
        taken.records++;
      } else if (type === PERF_RECORD_LOST) {
        taken.lost += memory.loadUint64(this.at(tail + 16));
      }
      tail += size;
    }
    memory.storeUint64(DATA_TAIL, tail);
  }

  /** Appends { u32 cpu, u32 size, bytes, padding }; returns its length. */
  private emit(ring: CpuRing, position: number, length: number, at: number): number {
    this.out.writeUInt32LE(ring.cpu, at);
    this.out.writeUInt32LE(length, at + 4);
    const data = at + OUT_HEADER_BYTES;
    const start = this.at(position);
    const beforeWrap = Math.min(length, this.page + this.capacityBytes - start);
    ring.memory.copy(start, beforeWrap, this.out, data);
    if (beforeWrap < length) ring.memory.copy(this.page, length - beforeWrap, this.out, data + beforeWrap);
    const padded = (length + 7) & ~7;
    this.out.fill(0, data + length, data + padded);
    return OUT_HEADER_BYTES + padded;
  }

  /** Byte offset in the mapping of a position in the ring. */
  private at(position: number): number {
    return this.page + (position % this.capacityBytes);
  }

  mark(): SourceMark {
    if (this.closed) return { reached: () => true };
    const heads = this.rings.map(ring => ring.memory.loadUint64(DATA_HEAD));
    return {
      reached: () =>
        this.closed ||
        this.rings.every((ring, index) => ring.memory.loadUint64(DATA_TAIL) >= (heads[index] ?? 0)),
    };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const ring of this.rings) {
      mapDelete(this.mapFd, u32(ring.cpu));
      ring.memory.unmap();
      close(ring.fd);
    }
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const perfError = (what: string, errno: number) => systemError('kernel', `${what} failed`, errno, '');
