// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * sched_switch-events - sched:sched_switch: each call, with arguments and result.
 *
 * Written by: bpfw trace sched:sched_switch --events
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)

struct trace_record {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	char comm[16];
	char prev_comm[16];
	pid_t prev_pid;
	pid_t next_pid;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

BPFW_RINGBUF(events, struct trace_record, RING_BYTES);
BPFW_DROPS(events);

static __always_inline void sched_switch_called(const char *prev_comm, pid_t prev_pid,
		pid_t next_pid)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_record *record;

	if (target_pid && id >> 32 != target_pid)
		return;

	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	record->ts = bpf_ktime_get_ns();
	record->pid = id >> 32;
	record->tid = (__u32)id;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	bpf_probe_read_kernel_str(record->prev_comm, sizeof(record->prev_comm), prev_comm);
	record->prev_pid = prev_pid;
	record->next_pid = next_pid;
	bpf_ringbuf_submit(record, 0);
}

SEC("tracepoint/sched/sched_switch")
int sched_switch_hit(struct trace_event_raw_sched_switch *ctx)
{
	sched_switch_called(ctx->prev_comm, ctx->prev_pid, ctx->next_pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
