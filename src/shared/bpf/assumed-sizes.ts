/** Sizes of maps that a source leaves to its loader, and that the kernel wants. */
import { BPF_F_STACK_BUILD_ID } from './map-types';

export interface MapSizes {
  readonly valueSize: number;
  readonly maxEntries: number;
}

/** PERF_MAX_STACK_DEPTH (include/uapi/linux/perf_event.h), the default of kernel.perf_event_max_stack: the deepest stack that the kernel takes. */
const STACK_FRAMES = 127;
/** As the loaders of libbpf-tools, mostly. */
const HASH_ENTRIES = 10_240;
/** 64 pages of 4 KiB: a ring buffer's size is a power of 2 and of whole pages. */
const RING_BYTES = 1 << 18;

const ENTRIES: Readonly<Record<string, number>> = {
  hash: HASH_ENTRIES,
  percpu_hash: HASH_ENTRIES,
  lru_hash: HASH_ENTRIES,
  lru_percpu_hash: HASH_ENTRIES,
  stack_trace: HASH_ENTRIES,
  ringbuf: RING_BYTES,
};

/** Of one frame in a stack map: an address, or struct bpf_stack_build_id. `flags`: the map's. */
export function frameBytes(flags: number): number {
  return (flags & BPF_F_STACK_BUILD_ID) !== 0 ? 32 : 8;
}

/**
 * The sizes, in bytes and entries, that a map gets whose definition has 0; only those that differ from the definition's.
 * An array's are never assumed: only the program knows its indexes. libbpf itself sets those of perf buffers.
 */
export function assumedSizes(map: {
  readonly typeName: string;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}): Partial<MapSizes> {
  const entries = ENTRIES[map.typeName];
  return {
    ...(map.typeName === 'stack_trace' && map.valueSize === 0
      ? { valueSize: STACK_FRAMES * frameBytes(map.flags) }
      : {}),
    ...(entries !== undefined && map.maxEntries === 0 ? { maxEntries: entries } : {}),
  };
}
