// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * stacksnoop - the kernel stack at every call of a function you choose.
 *
 * After bcc's examples/tracing/stacksnoop.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_DEPTH 64
#define MAX_STACKS 4096

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	char comm[16];
	/* Innermost frame first; zero behind the outermost. */
	bpfw_ksym stack[MAX_DEPTH];
};

/* The same, counted. */
struct call_stack {
	bpfw_ksym stack[MAX_DEPTH];
};

struct stack_count {
	bpfw_count calls;
};

const volatile char target_function[64] BPFW_LABEL("Kernel function") BPFW_ROLE("function") = "kernel_clone";
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile __u32 max_depth BPFW_LABEL("Most frames") BPFW_RANGE(1, 64) = 64;

/* 512 bytes do not fit the stack. A kprobe that fires inside another's program is left out by the kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call_stack);
} scratch SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STACKS);
	__type(key, struct call_stack);
	__type(value, struct stack_count);
} callers SEC(".maps") BPFW_LABEL("Calls by stack");

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Calls whose stack could not be walked; their events have an empty stack. */
__u64 stacks_lost BPFW_LABEL("Stacks lost");
__u64 callers_missed BPFW_LABEL("Calls with a new stack when the table was full");

static __always_inline void count_call(const struct call_stack *call)
{
	struct stack_count *count, none = {};

	count = bpf_map_lookup_elem(&callers, call);
	if (!count) {
		bpf_map_update_elem(&callers, call, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&callers, call);
	}
	if (count)
		__sync_fetch_and_add(&count->calls, 1);
	else
		__sync_fetch_and_add(&callers_missed, 1);
}

/*
 * A kprobe, not fentry: fentry would put the trampoline's two frames on top, and cannot reach the
 * functions the compiler split (.isra, .part). The stack itself is in the record and the table's key:
 * the buckets of a stack map collide long before it is full.
 */
SEC("kprobe")
BPFW_TARGET("target_function")
int BPF_KPROBE(function_called)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 size = max_depth * sizeof(bpfw_ksym);
	struct call_stack *call;
	struct event *event;
	__u32 zero = 0;

	if (target_pid && id >> 32 != target_pid)
		return 0;
	call = bpf_map_lookup_elem(&scratch, &zero);
	if (!call)
		return 0;
	__builtin_memset(call, 0, sizeof(*call));
	if (size > sizeof(call->stack))
		size = sizeof(call->stack);
	if (bpf_get_stack(ctx, call->stack, size, 0) < 0)
		__sync_fetch_and_add(&stacks_lost, 1);
	else
		count_call(call);

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return 0;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	__builtin_memcpy(event->stack, call->stack, sizeof(event->stack));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
