// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A helper that works on another type of map. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/sys_enter")
int emit(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	return bpf_ringbuf_output(&counts, &now, sizeof(now), 0);
}

char LICENSE[] SEC("license") = "GPL";
