// SPDX-License-Identifier: GPL-2.0
/* libbpf's USDT header needs struct pt_regs and its members. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 128);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stacks SEC(".maps");

__u64 last;

SEC("usdt/libc.so.6:libc:memory_heap_new")
int BPF_USDT(handle_heap, void *heap, long size)
{
	last = size + (heap != 0) + bpf_usdt_arg_cnt(ctx) + bpf_usdt_cookie(ctx);
	return 0;
}

SEC("uprobe/libc.so.6:malloc")
int BPF_KPROBE(handle_malloc, size_t size)
{
	last = PT_REGS_IP(ctx) + size + bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	return 0;
}

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	last = PT_REGS_IP((struct pt_regs *)&ctx->regs) + ctx->sample_period;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
