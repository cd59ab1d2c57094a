// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * hello_perf_output_using_ns - new processes by the ids they have in their PID namespace.
 *
 * After bcc's examples/tracing/hello_perf_output_using_ns.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid ns_pid BPFW_LABEL("pid in its namespace");
	bpfw_tid ns_tid BPFW_LABEL("tid in its namespace");
	bpfw_pid pid BPFW_LABEL("pid");
	bpfw_tid tid BPFW_LABEL("tid");
	__u32 level BPFW_LABEL("namespace depth");
	__u32 namespace BPFW_LABEL("namespace inode");
	char comm[16];
};

const volatile __u64 namespace_inode BPFW_LABEL("PID namespace (inode)")
	BPFW_HELP("of /proc/PID/ns/pid, as stat -L prints it; 0: every namespace") = 0;
const volatile __u64 namespace_device BPFW_LABEL("PID namespace (device)")
	BPFW_HELP("of the same file; nsfs usually is device 4") = 4;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 elsewhere BPFW_LABEL("Calls in other namespaces");

/* The id a struct pid has in the namespace it was made in, its innermost. */
static __always_inline int id_in_own_namespace(struct pid *pid, struct pid_namespace **ns)
{
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	/* numbers[] has one entry for each namespace, the outermost first. */
	bpf_probe_read_kernel(&upid, sizeof(upid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid));
	*ns = upid.ns;
	return upid.nr;
}

/* Runs in the task that creates: current is the parent. */
static __always_inline void say_hello(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *thread = BPF_CORE_READ(task, thread_pid);
	__u64 id = bpf_get_current_pid_tgid();
	struct bpf_pidns_info info = {};
	struct pid_namespace *ns;
	struct event *event;

	if (!bpfw_comm_passes(target_comm))
		return;
	/*
	 * The helper (5.7) translates for one namespace only, the current task's own: for all others it
	 * fails. So it is the filter, too.
	 */
	if (namespace_inode && bpf_get_ns_current_pid_tgid(namespace_device, namespace_inode, &info, sizeof(info))) {
		__sync_fetch_and_add(&elsewhere, 1);
		return;
	}

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->ns_tid = id_in_own_namespace(thread, &ns);
	event->namespace = BPF_CORE_READ(ns, ns.inum);
	event->level = BPF_CORE_READ(thread, level);
	event->ns_pid = id_in_own_namespace(BPF_CORE_READ(task, group_leader, thread_pid), &ns);
	if (namespace_inode) {
		event->ns_tid = info.pid; /* what the kernel calls pid is a thread's id */
		event->ns_pid = info.tgid;
	}
	event->pid = id >> 32;
	event->tid = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

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
