// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfsreadlat - how long vfs_read() takes, as a log2 histogram.
 *
 * After bcc's examples/tracing/vfsreadlat.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside vfs_read() at one time */

/* Values are S_IFMT bits of a mode (include/uapi/linux/stat.h) >> 12. */
enum file_kind {
	any_file = 0,
	fifo_file = 1,
	character_file = 2,
	directory_file = 4,
	block_file = 6,
	regular_file = 8,
	socket_file = 12,
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile enum file_kind target_kind BPFW_LABEL("Kind of file") = any_file;
const volatile __u64 min_us BPFW_LABEL("Shortest call shown") BPFW_UNIT("us") = 0;

/* When the call in flight began. A thread is in one vfs_read() at a time, so its id is the key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, bpfw_timestamp);
} start SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} latency SEC(".maps") BPFW_LABEL("vfs_read latency") BPFW_LOG2("us");

/* Calls that could not be timed because `start` was full. */
__u64 calls_missed BPFW_LABEL("Calls not timed");

static __always_inline void call_begins(struct file *file)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_timestamp now;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (target_kind && BPF_CORE_READ(file, f_inode, i_mode) >> 12 != target_kind)
		return;

	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&start, &tid, &now, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void call_ends(void)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	bpfw_timestamp *began = bpf_map_lookup_elem(&start, &tid);
	__u64 latency_us;
	bpfw_slot *count;
	__u32 slot;

	if (!began)
		return; /* filtered, or already inside when tracing began */
	latency_us = (bpf_ktime_get_ns() - *began) / 1000;
	bpf_map_delete_elem(&start, &tid);
	if (latency_us < min_us)
		return;

	slot = bpfw_log2_slot(latency_us);
	count = bpf_map_lookup_elem(&latency, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Trampolines, 5.5 on x86: the cheapest way to be at both ends of a function. */
SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_begins, struct file *file)
{
	call_begins(file);
	return 0;
}

SEC("?fexit/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_ends)
{
	call_ends();
	return 0;
}

/* Kernels or architectures without them. Many calls at once can exceed the kretprobe's instances. */
SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KPROBE(vfs_read_begins_probe, struct file *file)
{
	call_begins(file);
	return 0;
}

SEC("?kretprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KRETPROBE(vfs_read_ends_probe)
{
	call_ends();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
