// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * stack_buildid - a CPU profile whose user stacks can be read on another machine, or later.
 *
 * After bcc's examples/tracing/stack_buildid_example.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_STACKS 16384 /* far more than stacks: two whose hashes fall into one entry lose one */
#define MAX_DEPTH 48

struct sample_key {
	bpfw_pid pid;
	bpfw_user_stack stack;
	char comm[16];
};

struct sample_count {
	bpfw_count samples;
};

const volatile __u32 frequency BPFW_LABEL("Samples per second and CPU") BPFW_UNIT("Hz") BPFW_RANGE(1, 10000) = 99;
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile __s32 target_cpu BPFW_LABEL("CPU") BPFW_RANGE(-1, 8191) BPFW_HELP("-1: every CPU") = -1;

/* Each frame as build id and file offset instead of an address (4.17); as an address where there is no file. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__uint(max_entries, MAX_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, MAX_DEPTH * sizeof(struct bpf_stack_build_id));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STACKS);
	__type(key, struct sample_key);
	__type(value, struct sample_count);
} samples SEC(".maps") BPFW_LABEL("Samples by stack");

__u64 samples_total BPFW_LABEL("Samples taken");
__u64 samples_kernel BPFW_LABEL("Samples without user code (kernel threads)");
__u64 stacks_lost BPFW_LABEL("Samples lost: stacks collided or the table was full");

/* The CPU clock, a software event: hardware counters are missing in many virtual machines. */
SEC("perf_event")
BPFW_PERF("cpu-clock", "frequency")
int sample_taken(struct bpf_perf_event_data *ctx)
{
	struct sample_count *count, none = {};
	struct sample_key key = {};
	__u64 id = bpf_get_current_pid_tgid();

	if (!id)
		return 0; /* idle */
	if (target_pid && id >> 32 != target_pid)
		return 0;
	if (target_cpu >= 0 && bpf_get_smp_processor_id() != (__u32)target_cpu)
		return 0;
	__sync_fetch_and_add(&samples_total, 1);

	key.pid = id >> 32;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	key.stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	if (key.stack < 0) {
		/* Negative is an errno; 0 is a stack like any other. */
		if (key.stack == -14) /* EFAULT: the task has no user memory */
			__sync_fetch_and_add(&samples_kernel, 1);
		else
			__sync_fetch_and_add(&stacks_lost, 1);
		return 0;
	}

	count = bpf_map_lookup_elem(&samples, &key);
	if (!count) {
		bpf_map_update_elem(&samples, &key, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&samples, &key);
	}
	if (count)
		__sync_fetch_and_add(&count->samples, 1);
	else
		__sync_fetch_and_add(&stacks_lost, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
