/**
 * Snapshots of maps: by batch lookup where the kernel has it, key by key otherwise, and directly from mapped memory for
 * arrays created with BPF_F_MMAPABLE.
 */
import { TracerError } from '../common/errors';
import type { Entries, EntryReader } from '../common/map-delta';
import { ENOTSUPP, ERRNO, systemError } from './errors';
import { getpagesize, libbpfNumPossibleCpus, mapLookup, mapLookupBatch, mapNextKey } from './ffi';
import { type MappedMemory, mapShared } from './memory';
import type { MapHandle } from './object';

/** enum bpf_map_type */
const MAP_TYPE = {
  hash: 1,
  array: 2,
  perfEventArray: 4,
  percpuHash: 5,
  percpuArray: 6,
  stackTrace: 7,
  lruHash: 9,
  lruPercpuHash: 10,
  lpmTrie: 11,
  ringbuf: 27,
} as const;
const READABLE: ReadonlySet<number> = new Set([
  MAP_TYPE.hash,
  MAP_TYPE.array,
  MAP_TYPE.percpuHash,
  MAP_TYPE.percpuArray,
  MAP_TYPE.stackTrace,
  MAP_TYPE.lruHash,
  MAP_TYPE.lruPercpuHash,
  MAP_TYPE.lpmTrie,
]);
const PER_CPU: ReadonlySet<number> = new Set([
  MAP_TYPE.percpuHash,
  MAP_TYPE.percpuArray,
  MAP_TYPE.lruPercpuHash,
]);
const ARRAYS: ReadonlySet<number> = new Set([MAP_TYPE.array, MAP_TYPE.percpuArray]);
const BPF_F_MMAPABLE = 1 << 10;

const BATCH_ENTRIES = 4096;
/** Bounds the memory of a batch of large entries. */
const BATCH_BYTES = 4 << 20;
/** A single entry must fit into a data frame. */
const LONGEST_ENTRY = 15 << 20;

export type MapStreamKind = 'ring' | 'perf';

/** The kind of buffer that the map is; null for maps of entries. */
export function streamKind(map: MapHandle): MapStreamKind | null {
  if (map.type === MAP_TYPE.ringbuf) return 'ring';
  return map.type === MAP_TYPE.perfEventArray ? 'perf' : null;
}

let possible: number | undefined;

/** Number of slots of a per-CPU value. */
export function possibleCpus(): number {
  possible ??= libbpfNumPossibleCpus();
  return possible;
}

/** Bytes of one value in a snapshot; 0 for maps that cannot be read by key. */
export function valueStride(map: Pick<MapHandle, 'type' | 'valueSize'>): number {
  if (!READABLE.has(map.type)) return 0;
  return PER_CPU.has(map.type) ? roundUp8(map.valueSize) * possibleCpus() : map.valueSize;
}

function isMappable(map: Pick<MapHandle, 'type' | 'flags'>): boolean {
  return map.type === MAP_TYPE.array && (map.flags & BPF_F_MMAPABLE) !== 0;
}

const roundUp8 = (bytes: number): number => (bytes + 7) & ~7;

/** Reads one map repeatedly with the same buffers. Snapshots of one reader must not overlap. */
export class MapReader implements EntryReader {
  readonly keySize: number;
  readonly stride: number;
  readonly spacing: number;
  private readonly perBatch: number;
  private keys: Buffer;
  private values: Buffer;
  private batchRefused: boolean;
  private mapping: MappedMemory | undefined;

  /** Throws TracerError 'bad-request' for maps without entries, 'limit' for entries too long to send. */
  constructor(private readonly map: MapHandle) {
    this.keySize = map.keySize;
    this.stride = valueStride(map);
    // Mapped values are round_up(valueSize, 8) apart (kernel/bpf/arraymap.c).
    this.spacing = isMappable(map) ? roundUp8(map.valueSize) : this.stride;
    if (this.stride === 0) {
      throw new TracerError(
        'bad-request',
        `Map ${map.name} (type ${map.type}) has no entries that can be read.`,
      );
    }
    const entry = map.keySize + this.stride;
    if (entry > LONGEST_ENTRY)
      throw new TracerError('limit', `Entries of map ${map.name} are too large to send.`);
    this.perBatch = Math.max(1, Math.min(BATCH_ENTRIES, Math.floor(BATCH_BYTES / entry), map.maxEntries));
    this.keys = Buffer.alloc(map.keySize * this.perBatch);
    this.values = Buffer.alloc(this.spacing * this.perBatch);
    // No kernel has batch lookup for stack maps yet.
    this.batchRefused = map.type === MAP_TYPE.stackTrace;
  }

  *snapshot(maxEntries: number): Generator<Entries, void> {
    if (isMappable(this.map)) {
      yield* this.mapped(maxEntries);
      return;
    }
    if (!this.batchRefused) {
      const refused = yield* this.batches(maxEntries);
      if (!refused) return;
      this.batchRefused = true;
    }
    if (ARRAYS.has(this.map.type)) yield* this.byIndex(maxEntries);
    else yield* this.byKey(maxEntries);
  }

  close(): void {
    this.mapping?.unmap();
    this.mapping = undefined;
  }

  private entries(count: number): Entries {
    return {
      count,
      keys: this.keys.subarray(0, count * this.map.keySize),
      values: this.values.subarray(0, count * this.stride),
    };
  }

  /** Returns true when the kernel has no batch lookup for this map (EINVAL, ENOTSUPP); nothing was yielded then. */
  private *batches(maxEntries: number): Generator<Entries, boolean> {
    const cursors = [
      Buffer.alloc(Math.max(8, this.map.keySize)),
      Buffer.alloc(Math.max(8, this.map.keySize)),
    ];
    const count = Buffer.alloc(4);
    let from: Buffer | null = null;
    let sent = 0;
    for (let turn = 0; sent < maxEntries; turn++) {
      const to = cursors[turn % 2] as Buffer;
      const room = this.keys.byteLength / Math.max(1, this.map.keySize);
      count.writeUInt32LE(room);
      const result = mapLookupBatch(this.map.fd, from, to, this.keys, this.values, count, null);
      const errno = -result;
      if (errno === ERRNO.ENOSPC && room < this.map.maxEntries) {
        // One bucket holds more than the buffer: retry with twice the space.
        this.keys = Buffer.alloc(this.keys.byteLength * 2);
        this.values = Buffer.alloc(this.values.byteLength * 2);
        turn--;
        continue;
      }
      if (turn === 0 && (errno === ERRNO.EINVAL || errno === ENOTSUPP || errno === ERRNO.EOPNOTSUPP))
        return true;
      if (errno > 0 && errno !== ERRNO.ENOENT) throw this.readError(errno);
      const got = Math.min(count.readUInt32LE(), maxEntries - sent);
      sent += got;
      yield this.entries(got);
      if (errno === ERRNO.ENOENT) return false;
      from = to;
    }
    return false;
  }

  private *byKey(maxEntries: number): Generator<Entries, void> {
    const { keySize, fd } = this.map;
    const current = Buffer.alloc(keySize);
    const next = Buffer.alloc(keySize);
    let key: Buffer | null = null;
    let count = 0;
    for (let sent = 0; sent < maxEntries; ) {
      const step = mapNextKey(fd, key, next);
      if (step === -ERRNO.ENOENT) break;
      if (step < 0) throw this.readError(-step);
      next.copy(current);
      key = current;
      const found = mapLookup(
        fd,
        current,
        this.values.subarray(count * this.stride, (count + 1) * this.stride),
      );
      // Deleted between the two calls.
      if (found === -ERRNO.ENOENT) continue;
      if (found < 0) throw this.readError(-found);
      current.copy(this.keys, count * keySize);
      sent++;
      if (++count === this.perBatch) {
        yield this.entries(count);
        count = 0;
      }
    }
    yield this.entries(count);
  }

  private *byIndex(maxEntries: number): Generator<Entries, void> {
    const total = Math.min(maxEntries, this.map.maxEntries);
    for (let first = 0; first < total; first += this.perBatch) {
      const count = Math.min(this.perBatch, total - first);
      this.writeIndexes(first, count);
      for (let i = 0; i < count; i++) {
        const value = this.values.subarray(i * this.stride, (i + 1) * this.stride);
        const found = mapLookup(this.map.fd, this.keys.subarray(i * 4, i * 4 + 4), value);
        if (found < 0) throw this.readError(-found);
      }
      yield this.entries(count);
    }
  }

  /** In place where memory can be viewed, else through a copy. */
  private *mapped(maxEntries: number): Generator<Entries, void> {
    const { spacing } = this;
    const page = getpagesize();
    const bytes = Math.ceil((spacing * this.map.maxEntries) / page) * page;
    this.mapping ??= mapShared(this.map.fd, bytes, 0, false);
    const total = Math.min(maxEntries, this.map.maxEntries);
    for (let first = 0; first < total; first += this.perBatch) {
      const count = Math.min(this.perBatch, total - first);
      this.writeIndexes(first, count);
      const { view } = this.mapping;
      if (!view) this.mapping.copy(first * spacing, count * spacing, this.values, 0);
      const values = view ? view.subarray(first * spacing, (first + count) * spacing) : this.values;
      yield { count, keys: this.keys.subarray(0, count * 4), values };
    }
  }

  private writeIndexes(first: number, count: number): void {
    const indexes = new Uint32Array(this.keys.buffer, this.keys.byteOffset, count);
    for (let i = 0; i < count; i++) indexes[i] = first + i;
  }

  private readError(errno: number): TracerError {
    return systemError('kernel', `Reading map ${this.map.name} failed`, errno, '');
  }
}
