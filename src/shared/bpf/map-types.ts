/** enum bpf_map_type of include/uapi/linux/bpf.h, lower case, by number. */
export const MAP_TYPE_NAMES: readonly string[] = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
  'user_ringbuf',
  'cgrp_storage',
  'arena',
];

/** Field name of a map type, "type-N" for one newer than this list. */
export function mapTypeName(type: number): string {
  return MAP_TYPE_NAMES[type] ?? `type-${type}`;
}

/** By its name, as the functions below. */
export function isPerCpuMap(type: string): boolean {
  return type.startsWith('percpu_') || type === 'lru_percpu_hash';
}

/** Keys are the indexes 0 .. maxEntries - 1 and every entry exists from the start. */
export function isArrayMap(type: string): boolean {
  return type === 'array' || type === 'percpu_array';
}

/** Maps whose entries can be listed and shown as they are. */
export function isListableMap(type: string): boolean {
  return (
    isArrayMap(type) || ['hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash', 'lpm_trie'].includes(type)
  );
}

/** BPF_F_STACK_BUILD_ID: a stack map's frames are struct bpf_stack_build_id (32 bytes) instead of addresses (8). */
export const BPF_F_STACK_BUILD_ID = 1 << 5;
/** BPF_F_WRONLY (include/uapi/linux/bpf.h): system calls may write the map and not read it. */
export const BPF_F_WRONLY = 1 << 4;
