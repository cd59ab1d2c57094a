// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The last slot that the test lets through is one too far. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 16

struct counters {
	__u32 slots[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

SEC("raw_tp/sys_enter")
int count_cpu(void *ctx)
{
	__u32 slot = bpf_get_smp_processor_id();
	__u32 zero = 0;
	struct counters *all;

	all = bpf_map_lookup_elem(&counters, &zero);
	if (!all)
		return 0;
	if (slot <= SLOTS)
		all->slots[slot]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
