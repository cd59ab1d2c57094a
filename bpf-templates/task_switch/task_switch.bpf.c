// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * task_switch - how often each thread gave the CPU to each other one.
 *
 * After bcc's examples/tracing/task_switch.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_PAIRS 10240

struct switch_pair {
	bpfw_tid prev;
	bpfw_tid next;
};

struct switch_count {
	bpfw_count count;
	bpfw_count preempted BPFW_HELP("of these, switches prev did not ask for");
	char prev_comm[16];
	char next_comm[16];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process, on either side") BPFW_ROLE("pid") = 0;
const volatile __s32 target_cpu BPFW_LABEL("CPU") BPFW_RANGE(-1, 8191) BPFW_HELP("-1: every CPU") = -1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PAIRS);
	__type(key, struct switch_pair);
	__type(value, struct switch_count);
} switches SEC(".maps") BPFW_LABEL("Switches by pair of threads");

__u64 switches_missed BPFW_LABEL("Switches of new pairs when the table was full");

static __always_inline void count_switch(bool preempted, struct task_struct *prev, struct task_struct *next)
{
	struct switch_pair pair = { .prev = BPF_CORE_READ(prev, pid), .next = BPF_CORE_READ(next, pid) };
	struct switch_count *count, first = {};

	if (target_cpu >= 0 && bpf_get_smp_processor_id() != (__u32)target_cpu)
		return;
	if (target_pid && (__u32)BPF_CORE_READ(prev, tgid) != target_pid &&
	    (__u32)BPF_CORE_READ(next, tgid) != target_pid)
		return;

	count = bpf_map_lookup_elem(&switches, &pair);
	if (!count) {
		BPF_CORE_READ_STR_INTO(&first.prev_comm, prev, comm);
		BPF_CORE_READ_STR_INTO(&first.next_comm, next, comm);
		bpf_map_update_elem(&switches, &pair, &first, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&switches, &pair);
		if (!count) {
			__sync_fetch_and_add(&switches_missed, 1);
			return;
		}
	}
	__sync_fetch_and_add(&count->count, 1);
	if (preempted)
		__sync_fetch_and_add(&count->preempted, 1);
}

/* 5.18 added a fourth argument at the end (fa2c3254d7cf "sched/tracing: Don't re-read p->state ..."). */
SEC("?tp_btf/sched_switch")
BPFW_CHOICE("switch", 0)
int BPF_PROG(task_switched, bool preempted, struct task_struct *prev, struct task_struct *next)
{
	count_switch(preempted, prev, next);
	return 0;
}

SEC("?raw_tp/sched_switch")
BPFW_CHOICE("switch", 1)
int BPF_PROG(task_switched_raw, bool preempted, struct task_struct *prev, struct task_struct *next)
{
	count_switch(preempted, prev, next);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
