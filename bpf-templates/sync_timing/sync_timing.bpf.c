// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * sync_timing - sync(2) calls that follow each other closely.
 *
 * After bcc's examples/tracing/sync_timing.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define NS_PER_MS 1000000ULL

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_ns delta BPFW_LABEL("since the one before");
	bpfw_pid pid;
	bpfw_pid prev_pid BPFW_LABEL("pid before");
	char comm[16];
	char prev_comm[16] BPFW_LABEL("comm before");
};

struct sync_caller {
	bpfw_pid pid;
	char comm[16];
};

const volatile bpfw_ms threshold BPFW_LABEL("Longest time between two syncs shown") = 1000;
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 syncs_total BPFW_LABEL("Calls of sync");

/* When the last sync began, and whose it was. */
bpfw_timestamp last_ts BPFW_HIDDEN;
struct sync_caller last_caller BPFW_HIDDEN;

static __always_inline void sync_called(void)
{
	bpfw_timestamp now = bpf_ktime_get_ns(), before;
	struct sync_caller caller = {};
	struct sync_caller previous;
	struct event *event;

	caller.pid = bpf_get_current_pid_tgid() >> 32;
	if (target_pid && caller.pid != target_pid)
		return;
	bpf_get_current_comm(caller.comm, sizeof(caller.comm));
	__sync_fetch_and_add(&syncs_total, 1);

	/*
	 * Exchanged in one step: of two calls on two CPUs each sees the one before it. (BPF_XCHG, 5.12.)
	 * The caller's name is copied in several; two syncs in the same instant may mix it up.
	 */
	before = __sync_lock_test_and_set(&last_ts, now);
	previous = last_caller;
	last_caller = caller;
	if (!before || now < before || now - before > threshold * NS_PER_MS)
		return;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = now;
	event->delta = now - before;
	event->pid = caller.pid;
	event->prev_pid = previous.pid;
	__builtin_memcpy(event->comm, caller.comm, sizeof(event->comm));
	__builtin_memcpy(event->prev_comm, previous.comm, sizeof(event->prev_comm));
	bpf_ringbuf_submit(event, 0);
}

/* What the system call is made of since 4.17; __x64_sys_sync itself is in no BTF. */
SEC("?fentry/ksys_sync")
BPFW_CHOICE("sync", 0)
int BPF_PROG(ksys_sync_called)
{
	sync_called();
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_sync")
BPFW_CHOICE("sync", 1)
int sync_entered(void *ctx)
{
	sync_called();
	return 0;
}

/* Without CONFIG_FTRACE_SYSCALLS. */
SEC("?ksyscall/sync")
BPFW_CHOICE("sync", 2)
int BPF_KPROBE(sync_probe)
{
	sync_called();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
