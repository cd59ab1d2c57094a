#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

#define ADD(x) \
	do { \
		(x)++; \
	} while (0)

SEC("tp/sched/sched_switch")
int on_switch(struct trace_event_raw_sched_switch *ctx)
{
	__u32 pid = ctx->next_pid;
	__u64 *count = bpf_map_lookup_elem(&counts, &pid);

	if (count)
		ADD(*count);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
