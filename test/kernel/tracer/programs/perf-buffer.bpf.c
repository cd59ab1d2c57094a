// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A perf buffer has a perf event on each CPU, whatever the program is attached by. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

SEC("raw_tp/sys_enter")
int to_perf_buffer(void *ctx)
{
	__u64 event = 1;

	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
