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

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	char comm[16];
	/* Innermost frame first; zero behind the outermost. */
	bpfw_ksym stack[MAX_DEPTH];
};

const volatile char target_function[64] BPFW_LABEL("Kernel function") BPFW_ROLE("function") = "kernel_clone";
const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile __u32 max_depth BPFW_LABEL("Most frames") BPFW_RANGE(1, 64) = 64;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Calls whose stack could not be walked; their events have an empty stack. */
__u64 stacks_lost BPFW_LABEL("Stacks lost");

/*
 * A kprobe, not fentry: fentry would put the trampoline's two frames on top, and cannot reach the
 * functions the compiler split (.isra, .part). The stack goes into the record itself: the buckets of
 * a stack map collide long before it is full.
 */
SEC("kprobe")
BPFW_TARGET("target_function")
int BPF_KPROBE(function_called)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 size = max_depth * sizeof(bpfw_ksym);
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return 0;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	__builtin_memset(event->stack, 0, sizeof(event->stack));
	if (size > sizeof(event->stack))
		size = sizeof(event->stack);
	if (bpf_get_stack(ctx, event->stack, size, 0) < 0)
		__sync_fetch_and_add(&stacks_lost, 1);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
