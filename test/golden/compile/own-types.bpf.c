// SPDX-License-Identifier: GPL-2.0
/* The program's own types and variables have names that the kernel uses too. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct key {
	__u32 pid;
	int stack;
};

struct event {
	struct key key;
	__u64 list;
};

/* The kernel's own is inside task_struct, by value. */
struct sched_entity {
	__u64 mine;
};

enum pid_kind {
	PIDTYPE_PID,
	PIDTYPE_OTHER,
};

typedef struct {
	__u64 start;
} key_t;

const volatile int PG_locked = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct key);
	__type(value, struct event);
} uid_t_map SEC(".maps");

SEC("tp_btf/sched_wakeup")
int BPF_PROG(handle_wakeup, struct task_struct *task)
{
	struct key key = { .pid = task->pid, .stack = PIDTYPE_OTHER };
	struct event event = { .key = key, .list = BPF_CORE_READ(task, pid_links[0].next) != 0 };
	struct sched_entity own = { .mine = task->se.vruntime };
	key_t start = { .start = task->start_time };

	event.list += own.mine + start.start + PG_locked;
	bpf_map_update_elem(&uid_t_map, &key, &event, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
