// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * hello_fields - the columns of a trace line, as the fields of a record.
 *
 * After bcc's examples/tracing/hello_fields.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)

/* What bcc's trace_fields() cut out of a line of text: task, pid, cpu, flags, ts, msg. */
struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	__u32 cpu;
	char comm[16];
	char msg[16] BPFW_LABEL("message");
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Runs in the task that creates: current is the parent. */
static __always_inline void say_hello(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (!bpfw_comm_passes(target_comm))
		return;

	/* The old way: one line of text into a pipe that every tracer of the machine shares. */
	bpf_printk("Hello, World!");

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->cpu = bpf_get_smp_processor_id();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	__builtin_memcpy(event->msg, "Hello, World!\0\0", sizeof(event->msg));
	bpf_ringbuf_submit(event, 0);
}

/* Every way to create a task ends here: fork, vfork, clone, clone3, and the kernel's own. */
SEC("?tp_btf/sched_process_fork")
BPFW_CHOICE("creation", 0)
int BPF_PROG(task_created)
{
	say_hello();
	return 0;
}

/* 5.10 renamed _do_fork (cad6967ac108 "fork: introduce kernel_clone()"). */
SEC("?kprobe/kernel_clone")
BPFW_CHOICE("creation", 1)
int BPF_KPROBE(kernel_clone_called)
{
	say_hello();
	return 0;
}

SEC("?kprobe/_do_fork")
BPFW_CHOICE("creation", 2)
int BPF_KPROBE(do_fork_called)
{
	say_hello();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
