// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-latency - vfs_read: how long it takes.
 *
 * Written by: bpfw trace vfs_read --latency
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, bpfw_timestamp);
} started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} dist SEC(".maps") BPFW_LABEL("vfs_read latency")
	BPFW_LOG2("ns");

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void add_value(__u64 value)
{
	__u32 slot = bpfw_log2_slot(value);
	bpfw_slot *count = bpf_map_lookup_elem(&dist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void vfs_read_begins(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_timestamp now;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&started, &tid, &now, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void vfs_read_ends(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	bpfw_timestamp *call = bpf_map_lookup_elem(&started, &tid);
	bpfw_ns latency;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - *call;
	bpf_map_delete_elem(&started, &tid);

	add_value(latency);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry)
{
	vfs_read_begins();
	return 0;
}

SEC("?fexit/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fexit)
{
	vfs_read_ends();
	return 0;
}

SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KPROBE(vfs_read_kprobe)
{
	vfs_read_begins();
	return 0;
}

SEC("?kretprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KRETPROBE(vfs_read_kretprobe)
{
	vfs_read_ends();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
