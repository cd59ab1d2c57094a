// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * setuid_monitor - every setuid(2): who became whom, and whether it worked.
 *
 * After bcc's examples/tracing/setuid_monitor.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_CALLS 4096 /* threads inside setuid() at one time */
#define ANY_UID 0xffffffff

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	bpfw_uid old_uid BPFW_LABEL("was");
	bpfw_uid uid BPFW_LABEL("asked for");
	bpfw_errno ret BPFW_LABEL("result");
	char comm[16];
};

struct setuid_call {
	bpfw_uid old_uid;
	bpfw_uid uid;
};

const volatile bpfw_uid target_uid BPFW_LABEL("User asked for") BPFW_HELP("4294967295: any") = ANY_UID;
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile bool failures BPFW_LABEL("Show failed attempts too") = true;

/* The result is known only when the call returns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct setuid_call);
} calls SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void call_begins(bpfw_uid uid)
{
	struct setuid_call call = { .old_uid = bpf_get_current_uid_gid(), .uid = uid };
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (target_uid != ANY_UID && uid != target_uid)
		return;
	if (bpf_map_update_elem(&calls, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void call_ends(long ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct setuid_call *call;
	struct event *event;
	bpfw_tid tid = id;

	call = bpf_map_lookup_elem(&calls, &tid);
	if (!call)
		return;
	if (ret && !failures)
		goto out;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		goto out;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = tid;
	event->old_uid = call->old_uid;
	event->uid = call->uid;
	event->ret = ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
out:
	bpf_map_delete_elem(&calls, &tid);
}

SEC("?tracepoint/syscalls/sys_enter_setuid")
BPFW_CHOICE("setuid", 0)
int setuid_entered(struct trace_event_raw_sys_enter *ctx)
{
	call_begins(ctx->args[0]);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_setuid")
BPFW_CHOICE("setuid", 0)
int setuid_exited(struct trace_event_raw_sys_exit *ctx)
{
	call_ends(ctx->ret);
	return 0;
}

/* Without CONFIG_FTRACE_SYSCALLS. */
SEC("?ksyscall/setuid")
BPFW_CHOICE("setuid", 1)
int BPF_KSYSCALL(setuid_entered_probe, bpfw_uid uid)
{
	call_begins(uid);
	return 0;
}

SEC("?kretsyscall/setuid")
BPFW_CHOICE("setuid", 1)
int BPF_KRETPROBE(setuid_exited_probe, long ret)
{
	call_ends(ret);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
