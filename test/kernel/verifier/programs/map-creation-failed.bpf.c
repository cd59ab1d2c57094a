// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An array map with a key of 8 bytes: arrays are indexed by a __u32. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u64);
	__type(value, __u64);
} totals SEC(".maps");

SEC("raw_tp/sys_enter")
int count_calls(void *ctx)
{
	__u64 zero = 0;
	__u64 *total = bpf_map_lookup_elem(&totals, &zero);

	if (total)
		*total += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
