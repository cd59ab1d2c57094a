// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* One program per kind of attach point; each counts the hits of one process. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

#define SYS_GETPGID 121

enum kind {
	KPROBE,
	KRETPROBE,
	KSYSCALL,
	TRACEPOINT,
	RAW_TP,
	TP_BTF,
	FENTRY,
	FEXIT,
	UPROBE,
	URETPROBE,
	USDT,
	PERF_EVENT,
	UPROBE_SECTION,
	KINDS,
};

const volatile __u32 target_pid = 0;
__u64 in_bss = 0;
__u64 probed_sum = 0;
__u64 returned_sum = 0;
__u64 usdt_sum = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline int count(__u32 kind)
{
	__u64 *value;

	if (kind != PERF_EVENT && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return 0;
	value = bpf_map_lookup_elem(&counts, &kind);
	if (value)
		__sync_fetch_and_add(value, 1);
	return 1;
}

SEC("kprobe/__x64_sys_getpgid")
int on_kprobe(void *ctx)
{
	if (count(KPROBE))
		__sync_fetch_and_add(&in_bss, 1);
	return 0;
}

SEC("kretprobe/__x64_sys_getpgid")
int on_kretprobe(void *ctx)
{
	count(KRETPROBE);
	return 0;
}

SEC("ksyscall/getpgid")
int on_ksyscall(void *ctx)
{
	count(KSYSCALL);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_tracepoint(void *ctx)
{
	count(TRACEPOINT);
	return 0;
}

SEC("raw_tp/sys_enter")
int on_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[1] == SYS_GETPGID)
		count(RAW_TP);
	return 0;
}

SEC("tp_btf/sys_enter")
int on_tp_btf(__u64 *ctx)
{
	if (ctx[1] == SYS_GETPGID)
		count(TP_BTF);
	return 0;
}

SEC("fentry/__x64_sys_getpgid")
int on_fentry(__u64 *ctx)
{
	count(FENTRY);
	return 0;
}

/* The target comes from the session. */
SEC("fexit/nothing")
int on_fexit(__u64 *ctx)
{
	count(FEXIT);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_uprobe, long value)
{
	if (count(UPROBE))
		__sync_fetch_and_add(&probed_sum, value);
	return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(on_uretprobe, long value)
{
	if (count(URETPROBE))
		__sync_fetch_and_add(&returned_sum, value);
	return 0;
}

SEC("uprobe/" PROBE_TARGET ":probed")
int on_uprobe_section(void *ctx)
{
	count(UPROBE_SECTION);
	return 0;
}

SEC("usdt")
int BPF_USDT(on_usdt, long value)
{
	if (count(USDT))
		__sync_fetch_and_add(&usdt_sum, value);
	return 0;
}

SEC("perf_event")
int on_perf_event(void *ctx)
{
	count(PERF_EVENT);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
