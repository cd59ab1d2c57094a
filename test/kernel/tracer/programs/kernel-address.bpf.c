// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Counts by a kernel stack, whose addresses are to be named: the function's own is all of it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u64 bpfw_ksym;

struct function {
	bpfw_ksym stack[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct function);
	__type(value, __u64);
} functions SEC(".maps");

SEC("fentry/vfs_read")
int counts_function(void *ctx)
{
	struct function key = { .stack = { bpf_get_func_ip(ctx) } };
	__u64 one = 1;

	bpf_map_update_elem(&functions, &key, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
