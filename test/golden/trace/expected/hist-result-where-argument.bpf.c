// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-hist - vfs_read: a histogram of a value (result), where count == 100.
 *
 * Written by: bpfw trace vfs_read --hist result --where 'count == 100'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */

struct trace_call {
	size_t count;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct trace_call);
} started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} dist SEC(".maps") BPFW_LABEL("vfs_read result")
	BPFW_LOG2("");

__u64 values_negative BPFW_LABEL("Negative values, not in the histogram");
__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void add_value(__u64 value)
{
	__u32 slot = bpfw_log2_slot(value);
	bpfw_slot *count = bpf_map_lookup_elem(&dist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void vfs_read_begins(size_t count)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.count = count;
	if (bpf_map_update_elem(&started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void vfs_read_ends(ssize_t result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct trace_call *call = bpf_map_lookup_elem(&started, &tid);
	size_t count;
	__s64 value;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	count = call->count;
	bpf_map_delete_elem(&started, &tid);
	if (!(count == 100))
		return;

	value = result;
	if (value < 0) {
		__sync_fetch_and_add(&values_negative, 1);
		return;
	}
	add_value(value);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry, struct file *file, char *buf, size_t count)
{
	vfs_read_begins(count);
	return 0;
}

SEC("?fexit/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fexit, struct file *file, char *buf, size_t count, void *pos, ssize_t result)
{
	vfs_read_ends(result);
	return 0;
}

SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KPROBE(vfs_read_kprobe, struct file *file, char *buf, size_t count)
{
	vfs_read_begins(count);
	return 0;
}

SEC("?kretprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KRETPROBE(vfs_read_kretprobe, ssize_t result)
{
	vfs_read_ends(result);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
