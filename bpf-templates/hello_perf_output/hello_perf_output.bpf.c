// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * hello_perf_output - one event for every process or thread that is created.
 *
 * After bcc's examples/tracing/hello_perf_output.py, rewritten for libbpf CO-RE. The perf buffer
 * became a ring buffer: one for all CPUs, in order (5.8).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	/* Thread id of the new task; 0 where the attach point does not tell. */
	bpfw_tid child BPFW_LABEL("created");
	char comm[16];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Runs in the task that creates: current is the parent. */
static __always_inline void say_hello(bpfw_tid child)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (!bpfw_comm_passes(target_comm))
		return;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->child = child;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

/* Every way to create a task ends here: fork, vfork, clone, clone3, and the kernel's own. */
SEC("?tp_btf/sched_process_fork")
BPFW_CHOICE("creation", 0)
int BPF_PROG(task_created, struct task_struct *parent, struct task_struct *child)
{
	say_hello(child->pid);
	return 0;
}

/* 5.10 renamed _do_fork (cad6967ac108 "fork: introduce kernel_clone()"). */
SEC("?kprobe/kernel_clone")
BPFW_CHOICE("creation", 1)
int BPF_KPROBE(kernel_clone_called)
{
	say_hello(0);
	return 0;
}

SEC("?kprobe/_do_fork")
BPFW_CHOICE("creation", 2)
int BPF_KPROBE(do_fork_called)
{
	say_hello(0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
