// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Counting on with a pointer that may be NULL. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counters {
	__u64 calls;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counters);
} counts SEC(".maps");

SEC("raw_tp/sys_enter")
int count_bytes(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct counters *counters;
	__u64 *bytes;

	counters = bpf_map_lookup_elem(&counts, &tid);
	bytes = &counters->bytes;
	asm volatile("" : "+r"(bytes));
	if (bytes)
		__sync_fetch_and_add(bytes, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
