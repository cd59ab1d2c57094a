// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A field beyond the end of what a perf event program is given. */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

__u64 value;

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	value = *(__u64 *)((char *)ctx + 4096);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
