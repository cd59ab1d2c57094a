// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A map entry used without asking whether it is there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/sys_enter")
int count_calls(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 *calls;

	calls = bpf_map_lookup_elem(&counts, &tid);
	*calls += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
