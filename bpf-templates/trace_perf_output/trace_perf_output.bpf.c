// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * trace_perf_output - a stream of events that proves how many were lost.
 *
 * After bcc's examples/tracing/trace_perf_output.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAGIC 0x12345678

/* Where an event comes from. */
enum event_source {
	every_source = 0,
	task_creation = 1, /* now and then */
	getpid_call = 2, /* as often as a program likes: it does nothing else */
};

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_hex magic;
	__u64 number BPFW_LABEL("number") BPFW_HELP("of this event; a gap is a loss");
	bpfw_pid pid;
	enum event_source source;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile enum event_source target_source BPFW_LABEL("Events from") = every_source;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* At the end: events received + events_dropped == events_total. */
__u64 events_total BPFW_LABEL("Events produced");

static __always_inline void emit(enum event_source source)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct event *event;

	if (target_pid && pid != target_pid)
		return;
	if (target_source && source != target_source)
		return;

	__sync_fetch_and_add(&events_total, 1);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->magic = MAGIC;
	/* Read after the addition: exact for one thread; with several, two may read the same. */
	event->number = events_total;
	event->pid = pid;
	event->source = source;
	bpf_ringbuf_submit(event, 0);
}

SEC("?tp_btf/sched_process_fork")
BPFW_CHOICE("creation", 0)
int BPF_PROG(task_created)
{
	emit(task_creation);
	return 0;
}

/* 5.10 renamed _do_fork (cad6967ac108 "fork: introduce kernel_clone()"). */
SEC("?kprobe/kernel_clone")
BPFW_CHOICE("creation", 1)
int BPF_KPROBE(kernel_clone_called)
{
	emit(task_creation);
	return 0;
}

SEC("?kprobe/_do_fork")
BPFW_CHOICE("creation", 2)
int BPF_KPROBE(do_fork_called)
{
	emit(task_creation);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_getpid")
BPFW_CHOICE("getpid", 0)
int getpid_entered(void *ctx)
{
	emit(getpid_call);
	return 0;
}

/* Without CONFIG_FTRACE_SYSCALLS. */
SEC("?ksyscall/getpid")
BPFW_CHOICE("getpid", 1)
int BPF_KPROBE(getpid_called)
{
	emit(getpid_call);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
