// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * lbr - the branches the processor took just before a kernel function returned.
 *
 * After bcc's examples/tracing/lbr.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_BRANCHES 32

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	__s64 ret BPFW_LABEL("function's result");
	bpfw_errno error BPFW_LABEL("why there are no branches");
	__u32 count BPFW_LABEL("branches");
	char comm[16];
	/* The newest branch first: from[i] jumped to to[i]. */
	bpfw_ksym from[MAX_BRANCHES];
	bpfw_ksym to[MAX_BRANCHES];
};

struct branches {
	struct perf_branch_entry entries[MAX_BRANCHES];
};

const volatile char target_function[64] BPFW_LABEL("Kernel function") BPFW_ROLE("function") = "vfs_fsync_range";
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile bool only_failures BPFW_LABEL("Only calls that return an error") = false;
const volatile __u32 frequency BPFW_LABEL("Samples per second that keep the recorder on") BPFW_UNIT("Hz")
	BPFW_RANGE(1, 1000) = 1;

/* 768 bytes do not fit the stack. The kernel never runs a program twice on one CPU at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct branches);
} scratch SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* 1 once an error was reported: one is enough. */
__u32 error_reported BPFW_HIDDEN;
__u64 snapshots_failed BPFW_LABEL("Calls without branches");

/*
 * The last branch record runs only while a perf event asks for it. This one does, on every CPU; its
 * samples are not used.
 */
SEC("?perf_event")
BPFW_CHOICE("recorder", 0)
BPFW_NEEDS("branch-stack")
BPFW_PERF("cpu-cycles", "frequency")
BPFW_PERF_BRANCHES
int recorder_on(struct bpf_perf_event_data *ctx)
{
	return 0;
}

/* bpf_get_branch_snapshot() is of 5.16, bpf_get_func_ret() of 5.17. */
SEC("fexit")
BPFW_TARGET("target_function")
int BPF_PROG(function_returns)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct branches *branches;
	struct event *event;
	__u32 zero = 0, i;
	__u64 ret = 0;
	long bytes;

	/* First of all: every branch from here on pushes an older one out. */
	branches = bpf_map_lookup_elem(&scratch, &zero);
	if (!branches)
		return 0;
	bytes = bpf_get_branch_snapshot(branches->entries, sizeof(branches->entries), 0);

	if (target_pid && id >> 32 != target_pid)
		return 0;
	bpf_get_func_ret(ctx, &ret);
	if (only_failures && (__s64)ret >= 0 && (__s32)ret >= 0)
		return 0;
	if (bytes <= 0) {
		__sync_fetch_and_add(&snapshots_failed, 1);
		if (__sync_lock_test_and_set(&error_reported, 1))
			return 0;
	}

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->ret = ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (bytes <= 0) {
		event->error = bytes ? bytes : -61; /* ENODATA: the recorder was off */
	} else {
		event->count = bytes / sizeof(struct perf_branch_entry);
		for (i = 0; i < MAX_BRANCHES; i++) {
			if (i >= event->count)
				break;
			event->from[i] = branches->entries[i].from;
			event->to[i] = branches->entries[i].to;
		}
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
