// SPDX-License-Identifier: GPL-2.0
/* What differs between kernels: flavours, existence, sizes and values of fields, types and enumerators. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

struct request_queue___gone {
	int not_there_ever;
} __attribute__((preserve_access_index));

enum bpf_func_id___future {
	BPF_FUNC_not_there_yet___future = 4242,
};

typedef struct task_struct *task_pointer;

__u64 results[16];

SEC("raw_tp/sched_switch")
int handle(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *prev = (void *)ctx->args[1];
	task_pointer next = (task_pointer)ctx->args[2];
	struct task_struct___before_5_14 *old = (void *)prev;

	if (bpf_core_field_exists(prev->__state))
		results[0] = BPF_CORE_READ(prev, __state);
	else if (bpf_core_field_exists(old->state))
		results[0] = BPF_CORE_READ(old, state);
	results[1] = bpf_core_type_exists(struct request_queue___gone);
	results[2] = bpf_core_type_size(struct rq);
	results[3] = bpf_core_field_size(struct task_struct, comm);
	results[4] = bpf_core_field_offset(struct mm_struct, start_stack);
	results[5] = bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_ringbuf_output);
	results[6] = bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_RINGBUF);
	results[7] = bpf_core_enum_value_exists(enum bpf_func_id___future, BPF_FUNC_not_there_yet___future);
	results[8] = bpf_core_type_exists(struct cgroup);
	results[9] = PIDTYPE_SID + BPF_F_CURRENT_CPU;
	results[10] = BPF_CORE_READ(next, cgroups, dfl_cgrp, kn, id);
	results[11] = bpf_core_type_exists(kuid_t) + sizeof(struct list_head);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
