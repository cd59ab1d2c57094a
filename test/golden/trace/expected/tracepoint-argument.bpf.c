// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * sched_switch-count - sched:sched_switch: how often it is called, by next->comm and next->mm->map_count.
 *
 * Written by: bpfw trace sched:sched_switch --count --by 'next->comm' --by 'next->mm->map_count'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240

struct trace_key {
	char comm[16];
	int map_count;
};

struct trace_count {
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_count);
} counts SEC(".maps") BPFW_LABEL("sched:sched_switch calls");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");

static __always_inline void count_call(const struct trace_key *key)
{
	struct trace_count *found = bpf_map_lookup_elem(&counts, key), none = {};

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&counts, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&counts, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->calls, 1);
}

static __always_inline void sched_switch_called(struct task_struct *next)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&key, 0, sizeof(key));
	BPF_CORE_READ_STR_INTO(&key.comm, next, comm);
	key.map_count = BPF_CORE_READ(next, mm, map_count);
	count_call(&key);
}

SEC("?tp_btf/sched_switch")
BPFW_CHOICE("sched_switch", 0)
int BPF_PROG(sched_switch_tp_btf, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	sched_switch_called(next);
	return 0;
}

SEC("?raw_tp/sched_switch")
BPFW_CHOICE("sched_switch", 1)
int BPF_PROG(sched_switch_raw_tp, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	sched_switch_called(next);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
