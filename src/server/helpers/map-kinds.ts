/** Map types and the fields of a definition, for completion and hover (include/uapi/linux/bpf.h, bpf_helpers.h). */

export interface MapKind {
  readonly name: string;
  readonly description: string;
}

const kind = (name: string, description: string): MapKind => ({
  name: `BPF_MAP_TYPE_${name}`,
  description,
});

export const MAP_KINDS: readonly MapKind[] = [
  kind('RINGBUF', 'Records to user space, in order, from every CPU (5.8)'),
  kind('HASH', 'Key to value'),
  kind('ARRAY', 'Values by index; all exist from the start'),
  kind('PERCPU_HASH', 'Key to one value per CPU'),
  kind('PERCPU_ARRAY', 'Values by index, one set per CPU'),
  kind('LRU_HASH', 'Key to value; the least recently used makes room'),
  kind('LRU_PERCPU_HASH', 'Key to one value per CPU; the least recently used makes room'),
  kind('LPM_TRIE', 'Longest prefix to value'),
  kind('STACK_TRACE', 'Stacks by id, for bpf_get_stackid()'),
  kind('PERF_EVENT_ARRAY', 'Records to user space by CPU, or performance counters'),
  kind('TASK_STORAGE', 'A value per task (5.11)'),
  kind('CGRP_STORAGE', 'A value per control group (6.2)'),
  kind('SK_STORAGE', 'A value per socket (5.2)'),
  kind('INODE_STORAGE', 'A value per inode (5.10)'),
  kind('QUEUE', 'First in, first out'),
  kind('STACK', 'Last in, first out'),
  kind('BLOOM_FILTER', 'A set with false positives (5.16)'),
  kind('USER_RINGBUF', 'Records from user space to the program (6.1)'),
  kind('PROG_ARRAY', 'Programs to tail-call'),
  kind('CGROUP_ARRAY', 'Control groups to compare with'),
  kind('ARRAY_OF_MAPS', 'Maps by index'),
  kind('HASH_OF_MAPS', 'Maps by key'),
  kind('DEVMAP', 'Network devices to redirect to'),
  kind('CPUMAP', 'CPUs to redirect to'),
  kind('XSKMAP', 'AF_XDP sockets to redirect to'),
  kind('SOCKMAP', 'Sockets by index'),
  kind('SOCKHASH', 'Sockets by key'),
  kind('STRUCT_OPS', 'A table of kernel operations'),
  kind('ARENA', 'Memory shared with user space (6.9)'),
];

export interface MapFieldKind {
  readonly name: string;
  readonly macro: '__uint' | '__type' | '__array' | '__ulong';
  readonly description: string;
}

export const MAP_FIELD_KINDS: readonly MapFieldKind[] = [
  { macro: '__uint', name: 'type', description: 'The kind of map: BPF_MAP_TYPE_...' },
  { macro: '__uint', name: 'max_entries', description: 'Most entries; for a ring buffer its bytes' },
  { macro: '__type', name: 'key', description: "The key's C type" },
  { macro: '__type', name: 'value', description: "The value's C type" },
  { macro: '__uint', name: 'map_flags', description: 'BPF_F_... flags' },
  { macro: '__uint', name: 'key_size', description: 'Bytes of a key, where it has no type' },
  { macro: '__uint', name: 'value_size', description: 'Bytes of a value, where it has no type' },
  { macro: '__uint', name: 'pinning', description: 'LIBBPF_PIN_BY_NAME keeps the map under /sys/fs/bpf' },
  { macro: '__uint', name: 'numa_node', description: 'Memory node, with BPF_F_NUMA_NODE' },
  { macro: '__ulong', name: 'map_extra', description: "The map type's own extra number" },
  { macro: '__array', name: 'values', description: 'Initial inner maps or programs' },
];

export const MAP_FLAGS: readonly (readonly [string, string])[] = [
  ['BPF_F_NO_PREALLOC', 'Take memory for entries when they come'],
  ['BPF_F_MMAPABLE', 'User space may map the array into its memory (5.5)'],
  ['BPF_F_STACK_BUILD_ID', 'Frames as build id and offset'],
  ['BPF_F_NO_COMMON_LRU', 'One LRU list per CPU'],
  ['BPF_F_NUMA_NODE', "Memory of the node 'numa_node'"],
  ['BPF_F_RDONLY_PROG', 'Programs may only read'],
  ['BPF_F_WRONLY_PROG', 'Programs may only write'],
  ['BPF_F_RDONLY', 'User space may only read'],
  ['BPF_F_WRONLY', 'User space may only write'],
  ['BPF_F_INNER_MAP', 'Inner maps may differ in size (5.10)'],
  ['BPF_F_ZERO_SEED', 'No random seed for the hash'],
];
