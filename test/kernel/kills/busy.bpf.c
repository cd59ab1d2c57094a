// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Three programs of three kinds of link, a ring buffer, a table and global data: what has to be gone after a kill. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

struct call {
	bpfw_timestamp ts;
	bpfw_pid pid;
	__u32 number;
};

const volatile bpfw_pid target_pid BPFW_ROLE("pid") = 0;

BPFW_RINGBUF(calls, struct call, 256 * 1024);
BPFW_DROPS(calls);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, bpfw_pid);
	__type(value, bpfw_count);
} writes SEC(".maps");

__u64 execs;

SEC("raw_tp/sys_enter")
int BPF_PROG(bpfw_call, struct pt_regs *regs, long id)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct call *call;

	if (target_pid && pid != target_pid)
		return 0;
	call = bpf_ringbuf_reserve(&calls, sizeof(*call), 0);
	if (!call) {
		__sync_fetch_and_add(&calls_dropped, 1);
		return 0;
	}
	call->ts = bpf_ktime_get_ns();
	call->pid = pid;
	call->number = id;
	bpf_ringbuf_submit(call, 0);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(bpfw_write)
{
	bpfw_pid pid = bpf_get_current_pid_tgid() >> 32;
	bpfw_count one = 1, *count = bpf_map_lookup_elem(&writes, &pid);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&writes, &pid, &one, BPF_NOEXIST);
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int bpfw_exec(void *ctx)
{
	__sync_fetch_and_add(&execs, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
