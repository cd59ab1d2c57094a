import type { MapDefinition } from '../object/model';

/**
 * Bytes of one value in a snapshot: per-CPU maps have a value for every possible CPU, each rounded up to 8
 * (kernel/bpf/hashtab.c and arraymap.c); others have exactly the value's size.
 */
export function valueStride(map: Pick<MapDefinition, 'valueSize' | 'perCpu'>, cpus: number): number {
  return map.perCpu ? cpuStride(map) * cpus : map.valueSize;
}

/** Bytes from one CPU's value to the next. */
export function cpuStride(map: Pick<MapDefinition, 'valueSize'>): number {
  return Math.ceil(map.valueSize / 8) * 8;
}

/** At most `count`, limited to the entries that the bytes contain completely. */
export function completeEntries(
  map: Pick<MapDefinition, 'keySize' | 'valueSize' | 'perCpu'>,
  keys: Uint8Array,
  values: Uint8Array,
  count: number,
  cpus: number,
): number {
  const stride = valueStride(map, cpus);
  const byKeys = map.keySize > 0 ? Math.floor(keys.byteLength / map.keySize) : count;
  const byValues = stride > 0 ? Math.floor(values.byteLength / stride) : count;
  return Math.max(0, Math.min(count, byKeys, byValues));
}
