// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/* In the manner of libbpf-bootstrap: a ring buffer, a heap map for what the stack cannot hold, tail of odd C. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/usdt.bpf.h>
#include <asm-generic/errno.h>
#include "processes.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct big_event);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} rb SEC(".maps");

struct inner_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_map);
} outer SEC(".maps") = {
	.values = { &inner },
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} stash SEC(".maps");

/* A flavour: what the member was called before. */
struct task_struct___o {
	volatile long int state;
} __attribute__((preserve_access_index));

static __noinline long state_of(struct task_struct *task)
{
	struct task_struct___o *old = (void *)task;

	if (bpf_core_field_exists(struct task_struct, __state))
		return BPF_CORE_READ(task, __state);
	if (bpf_core_type_exists(struct task_struct___o))
		return old->state;
	return 0;
}

static long each(u32 index, void *data)
{
	int *sum = data;

	*sum += index;
	return *sum > 10 ? 1 : 0;
}

SEC("tp/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	unsigned fname_off = ctx->__data_loc_filename & 0xFFFF;
	struct big_event *e;
	int zero = 0, i, sum = 0;
	u64 id = bpf_get_current_pid_tgid();
	pid_t pid = id >> 32;

	e = bpf_map_lookup_elem(&heap, &zero);
	if (!e) /* cannot happen */
		return 0;
	e->pid = pid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->state = state_of(task);
	bpf_probe_read_kernel_str(&e->path, sizeof(e->path), (void *)ctx + fname_off);
#pragma unroll
	for (i = 0; i < 8; i++)
		sum += i;
	bpf_loop(4, each, &sum, 0);
	while (sum > 0) {
		sum -= 3;
		if (sum == 1)
			break;
	}
	for (;;) {
		if (sum++ > 100)
			return 0;
	}
	bpf_ringbuf_output(&rb, e, sizeof(*e), 0);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct event *e, local = { .pid = next->pid };
	u64 *value;
	int err;

	value = bpf_task_storage_get(&stash, next, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (value == NULL || *value > 3)
		return -ENOENT;
	e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
	if (!e)
		return 0;
	*e = local;
	err = bpf_probe_read_kernel(e->comm, sizeof(e->comm), prev->comm);
	if (err < 0) {
		bpf_ringbuf_discard(e, 0);
		return 0;
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(uprobe_add, int a, int b)
{
	bpf_printk("uprobed_add ENTRY: a = %d, b = %d", a, b);
	return 0;
}

SEC("?usdt/libc.so.6:libc:setjmp")
int BPF_USDT(usdt_auto_attach, void *arg1, int arg2, void *arg3)
{
	return 0;
}

SEC("kprobe/gadget_program_disabled")
int BPF_KPROBE(off)
{
	return 0;
}
