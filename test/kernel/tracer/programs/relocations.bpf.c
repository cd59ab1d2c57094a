// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Every kind of question CO-RE asks of a kernel's types, by types of our own: members are at other places and in another
 * order than in any kernel, so that what is loaded shows whether it was relocated, and by which table.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Anonymous members on the way. */
struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
	};
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct rlimit {
	unsigned long rlim_cur;
};

/* An array's element. */
struct signal_struct {
	struct rlimit rlim[16];
	int nr_threads;
};

/* A flavour, and a bit field. */
struct task_struct___own {
	char comm[16];
	unsigned int sched_reset_on_fork : 1;
	struct signal_struct *signal;
	int tgid;
};

struct task_struct___older {
	long state;
};

#pragma clang attribute pop

/* Other values than the kernel's. */
enum pid_type {
	PIDTYPE_SID = 100,
	PIDTYPE_OF_NO_KERNEL = 101,
};

__u64 answers[16];

static __always_inline void ask_of_a_task(void)
{
	struct task_struct___own *task = (void *)bpf_get_current_task();
	struct task_struct___older *older = (void *)task;

	answers[0] = BPF_CORE_READ(task, tgid);
	answers[1] = BPF_CORE_READ(task, signal, rlim[7].rlim_cur);
	answers[2] = BPF_CORE_READ(task, signal, nr_threads);
	answers[3] = BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork);
	answers[4] = bpf_core_field_exists(older->state);
	answers[5] = bpf_core_field_size(task->comm);
	answers[6] = bpf_core_field_offset(task->tgid);
}

SEC("kprobe/vfs_read")
int ask(struct pt_regs *ctx)
{
	struct dentry *dentry = (void *)PT_REGS_PARM2(ctx);

	ask_of_a_task();
	answers[7] = BPF_CORE_READ(dentry, d_parent, d_name.len);
	answers[8] = bpf_core_enum_value(enum pid_type, PIDTYPE_SID);
	answers[9] = bpf_core_enum_value_exists(enum pid_type, PIDTYPE_OF_NO_KERNEL);
	answers[10] = bpf_core_type_size(struct qstr);
	answers[11] = bpf_core_type_exists(struct dentry);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
