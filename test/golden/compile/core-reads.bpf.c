// SPDX-License-Identifier: GPL-2.0
/* Chains of pointers whose types are named nowhere in this file. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u32 pid;
	__u32 ppid;
	__u64 inode;
	__u64 start_code;
	unsigned char sibling_exiting;
	char comm[TASK_COMM_LEN];
	char name[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	e->pid = ctx->pid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->inode = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);
	e->start_code = BPF_CORE_READ(task, mm, start_code);
	e->sibling_exiting = BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork);
	bpf_probe_read_kernel_str(e->name, sizeof(e->name),
				  BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name));
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(handle_unlink, int dfd, struct filename *name)
{
	const char *path = BPF_CORE_READ(name, name);

	bpf_printk("%d %s %d", bpf_get_current_task_btf()->signal->nr_threads, path, dfd);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
