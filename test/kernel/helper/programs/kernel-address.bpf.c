// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Counts by a kernel address, which is to be named. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u64 bpfw_ksym;

struct caller {
	bpfw_ksym address;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct caller);
	__type(value, __u64);
} callers SEC(".maps");

SEC("raw_tp/sys_enter")
int counts_callers(void *ctx)
{
	struct caller key = {};
	__u64 one = 1;

	bpf_map_update_elem(&callers, &key, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
