/**
 * Perf event rings, one per online CPU, as a single source: the kernel writes records into them, and PERF_RECORD_LOST
 * when a ring was full (include/uapi/linux/perf_event.h).
 */
import { DataContent } from '../../shared/protocol/frames';
import {
  CHUNK_BYTES,
  type Chunk,
  type ChunkMemory,
  type SourceMark,
  type StreamSource,
} from '../common/stream-source';
import { close, getpagesize } from './ffi';
import { type MappedMemory, mapShared } from './memory';

/** struct perf_event_mmap_page */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

const PERF_RECORD_LOST = 2;
const RECORD_HEADER_BYTES = 8;
/** perf_event_header.size is 16 bits wide. */
const LONGEST_RECORD = 1 << 16;
const OUT_HEADER_BYTES = 8;

interface CpuRing {
  readonly cpu: number;
  readonly fd: number;
  readonly memory: MappedMemory;
}

/** The part of a record that is sent. */
interface RecordPart {
  readonly offset: number;
  readonly length: number;
}

export interface PerfRingsOptions {
  readonly ringPages: number;
  readonly cpus: readonly number[];
  /** Opens the CPU's event; throws TracerError. */
  open(cpu: number): number;
  /** Called once the ring is mapped: enable the event. Throws TracerError. */
  start(cpu: number, fd: number): void;
  /** Called before the event is closed. */
  stop(cpu: number): void;
  /** The part of a record of this type to send; `firstWord` is the u32 after its header. Null: nothing. */
  part(type: number, size: number, firstWord: number): RecordPart | null;
}

export class PerfRings implements StreamSource {
  readonly content = DataContent.perfRecords;
  readonly descriptors: readonly number[];
  readonly capacityBytes: number;
  private readonly rings: CpuRing[] = [];
  private readonly page = getpagesize();
  private readonly out = Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_RECORD);
  private nextRing = 0;
  private closed = false;

  /** Throws TracerError; nothing stays open then. */
  constructor(private readonly options: PerfRingsOptions) {
    this.capacityBytes = options.ringPages * this.page;
    try {
      for (const cpu of options.cpus) this.rings.push(this.openRing(cpu));
    } catch (error) {
      this.close();
      throw error;
    }
    this.descriptors = this.rings.map(ring => ring.fd);
  }

  private openRing(cpu: number): CpuRing {
    const fd = this.options.open(cpu);
    let memory: MappedMemory | undefined;
    try {
      memory = mapShared(fd, (1 + this.options.ringPages) * this.page, 0, true);
      this.options.start(cpu, fd);
      return { cpu, fd, memory };
    } catch (error) {
      memory?.unmap();
      close(fd);
      throw error;
    }
  }

  take(memory: ChunkMemory): Chunk | null {
    if (this.closed) return null;
    const taken = { bytes: 0, records: 0, lost: 0 };
    // Start with a different CPU each time, so that a busy one cannot starve the others.
    for (let i = 0; i < this.rings.length && taken.bytes < CHUNK_BYTES; i++) {
      const ring = this.rings[(this.nextRing + i) % this.rings.length];
      if (ring) this.drainRing(ring, taken);
    }
    this.nextRing = (this.nextRing + 1) % Math.max(1, this.rings.length);
    if (taken.bytes === 0 && taken.lost === 0) return null;
    const bytes = memory(taken.bytes);
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
      if (type === PERF_RECORD_LOST) {
        taken.lost += memory.loadUint64(this.at(tail + 16));
      } else {
        const part = this.options.part(type, size, memory.loadUint32(this.at(tail + RECORD_HEADER_BYTES)));
        if (part) {
          taken.bytes += this.emit(ring, tail + part.offset, part.length, taken.bytes);
          taken.records++;
        }
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
      this.options.stop(ring.cpu);
      ring.memory.unmap();
      close(ring.fd);
    }
  }
}
