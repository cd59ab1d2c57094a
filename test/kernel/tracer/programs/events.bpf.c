// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A record per getpgid() of one process, through a ring buffer and a perf buffer; maps filled by the same calls. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ENTRIES 10000

struct event {
	__u64 sequence;
	__u32 pid;
	char comm[16];
};

struct counts {
	__u32 slots[27];
};

const volatile __u32 target_pid = 0;
const volatile __u32 print_every = 0;
__u64 sequence = 0;
__u64 ring_dropped = 0;
__u64 perf_failed = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct counts);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u64);
	__type(value, __u32);
} percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u32);
} mapped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__uint(key_size, 8);
	__uint(value_size, 4);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

static __always_inline int ours(void)
{
	return bpf_get_current_pid_tgid() >> 32 == target_pid;
}

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int to_ring(void *ctx)
{
	struct event *event;

	if (!ours())
		return 0;
	event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (!event) {
		ring_dropped++;
		return 0;
	}
	event->sequence = sequence++;
	event->pid = target_pid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int to_perf(void *ctx)
{
	struct event event = {};

	if (!ours())
		return 0;
	event.sequence = sequence++;
	event.pid = target_pid;
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	if (bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event)))
		perf_failed++;
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int to_maps(void *ctx)
{
	struct {
		__u32 prefix;
		__u32 data;
	} path = { .prefix = 32 };
	struct counts value = {};
	__u64 wide;
	__u32 key, *slot;

	if (!ours())
		return 0;
	key = sequence++ % ENTRIES;
	wide = key;
	value.slots[0] = key;
	value.slots[26] = key * 3;
	bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
	bpf_map_update_elem(&percpu, &wide, &key, BPF_ANY);
	slot = bpf_map_lookup_elem(&mapped, &key);
	if (slot)
		*slot = key + 1;
	if (key < 50) {
		path.data = key;
		bpf_map_update_elem(&trie, &path, &key, BPF_ANY);
	}
	if (key == 0)
		bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int to_printk(void *ctx)
{
	if (!ours())
		return 0;
	sequence++;
	bpf_printk("bpfw %llu", sequence);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
