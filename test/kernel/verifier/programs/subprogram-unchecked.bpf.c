// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The same mistake in a function of its own, twice on the same text. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __attribute__((noinline)) __u64 count(__u32 key)
{
	__u64 *entry = bpf_map_lookup_elem(&counts, &key);

	return *entry;
}

SEC("raw_tp/sys_enter")
int first(void *ctx)
{
	__u32 key = 1;
	__u64 *entry = bpf_map_lookup_elem(&counts, &key);

	if (!entry)
		return 0;
	return *entry + count(2);
}

char LICENSE[] SEC("license") = "GPL";
