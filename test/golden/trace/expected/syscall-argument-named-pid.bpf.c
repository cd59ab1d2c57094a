// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * sys_kill-events - sys:kill: each call, with arguments and result, by cpu and latency.
 *
 * Written by: bpfw trace sys:kill --events --by cpu --by latency
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */
#define RING_BYTES (1024 * 1024)

struct trace_record {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid process;
	bpfw_tid tid;
	char comm[16];
	__u32 cpu;
	bpfw_ns latency;
	pid_t pid;
	int sig;
	__s64 result;
};

struct trace_call {
	bpfw_timestamp began;
	pid_t pid;
	int sig;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct trace_call);
} started SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct trace_record, RING_BYTES);
BPFW_DROPS(events);

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void sys_kill_begins(pid_t pid, int sig)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.pid = pid;
	call.sig = sig;
	call.began = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void sys_kill_ends(__s64 result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct trace_call *call = bpf_map_lookup_elem(&started, &tid);
	pid_t pid;
	int sig;
	bpfw_ns latency;
	struct trace_record *record;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - call->began;
	pid = call->pid;
	sig = call->sig;
	bpf_map_delete_elem(&started, &tid);

	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	record->ts = bpf_ktime_get_ns();
	record->process = id >> 32;
	record->tid = (__u32)id;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	record->cpu = bpf_get_smp_processor_id();
	record->latency = latency;
	record->pid = pid;
	record->sig = sig;
	record->result = result;
	bpf_ringbuf_submit(record, 0);
}

SEC("tracepoint/syscalls/sys_enter_kill")
int sys_kill_enter(struct trace_event_raw_sys_enter *ctx)
{
	sys_kill_begins((pid_t)ctx->args[0], (int)ctx->args[1]);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_kill")
int sys_kill_exit(struct trace_event_raw_sys_exit *ctx)
{
	sys_kill_ends(ctx->ret);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
