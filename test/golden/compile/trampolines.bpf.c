// SPDX-License-Identifier: GPL-2.0
/* tp_btf, fentry, fexit and an iterator: direct loads through typed pointers. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct switch_key {
	u32 cpu;
	long state;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct switch_key);
	__type(value, u64);
} counts SEC(".maps");

static __always_inline void count(struct switch_key *key)
{
	u64 one = 1, *seen;

	seen = bpf_map_lookup_elem(&counts, key);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		bpf_map_update_elem(&counts, key, &one, BPF_NOEXIST);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(handle_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct switch_key key = { .cpu = bpf_get_smp_processor_id(), .state = preempt };

	if (next->se.on_rq && prev->parent->nsproxy->pid_ns_for_children->level > 0)
		key.state |= next->mm ? 2 : 4;
	count(&key);
	return 0;
}

SEC("fentry/vfs_read")
int BPF_PROG(read_entry, struct file *file, char *buf, size_t count_bytes, loff_t *pos)
{
	struct switch_key key = { .state = file->f_inode->i_sb->s_dev };

	count(&key);
	return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(send_exit, struct sock *sk, struct msghdr *msg, size_t size, int ret)
{
	struct switch_key key = { .cpu = sk->__sk_common.skc_dport, .state = ret };

	if (sk->__sk_common.skc_state == TCP_ESTABLISHED)
		count(&key);
	return 0;
}

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (task)
		BPF_SEQ_PRINTF(seq, "%d %s\n", task->pid, task->comm);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
