// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-vfs_write-latency - vfs_read, vfs_write: how long it takes, by comm, where result > 0 && file->f_flags & 1 == 0.
 *
 * Written by: bpfw trace vfs_read vfs_write --latency --by comm --where 'result > 0 && file->f_flags & 1 == 0'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240
#define MAX_CALLS 16384 /* threads inside at one time */

enum traced_probe {
	vfs_read,
	vfs_write,
};

struct trace_key {
	enum traced_probe probe;
	char comm[16];
};

struct trace_slots {
	bpfw_slot slots[BPFW_SLOTS];
};

struct vfs_read_trace_call {
	bpfw_timestamp began;
	struct file *file;
};

struct vfs_write_trace_call {
	bpfw_timestamp began;
	struct file *file;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct vfs_read_trace_call);
} vfs_read_started SEC(".maps") BPFW_HIDDEN;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct vfs_write_trace_call);
} vfs_write_started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_slots);
} dist SEC(".maps") BPFW_LABEL("vfs_read, vfs_write latency")
	BPFW_LOG2("ns");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");
__u64 calls_missed BPFW_LABEL("Calls not followed");

/* Too large for the stack. */
static const struct trace_slots none;

static __always_inline void add_value(const struct trace_key *key, __u64 value)
{
	struct trace_slots *found = bpf_map_lookup_elem(&dist, key);

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&dist, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&dist, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->slots[bpfw_log2_slot(value)], 1);
}

static __always_inline void vfs_read_begins(struct file *file)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct vfs_read_trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.file = file;
	call.began = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&vfs_read_started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void vfs_read_ends(ssize_t result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct vfs_read_trace_call *call = bpf_map_lookup_elem(&vfs_read_started, &tid);
	struct file *file;
	bpfw_ns latency;
	struct trace_key key;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - call->began;
	file = call->file;
	bpf_map_delete_elem(&vfs_read_started, &tid);
	if (!((result > 0) && (((__u64)BPF_CORE_READ(file, f_flags) & 1) == 0)))
		return;

	__builtin_memset(&key, 0, sizeof(key));
	key.probe = vfs_read;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	add_value(&key, latency);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry, struct file *file)
{
	vfs_read_begins(file);
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
int BPF_KPROBE(vfs_read_kprobe, struct file *file)
{
	vfs_read_begins(file);
	return 0;
}

SEC("?kretprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KRETPROBE(vfs_read_kretprobe, ssize_t result)
{
	vfs_read_ends(result);
	return 0;
}

static __always_inline void vfs_write_begins(struct file *file)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct vfs_write_trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.file = file;
	call.began = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&vfs_write_started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void vfs_write_ends(ssize_t result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct vfs_write_trace_call *call = bpf_map_lookup_elem(&vfs_write_started, &tid);
	struct file *file;
	bpfw_ns latency;
	struct trace_key key;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - call->began;
	file = call->file;
	bpf_map_delete_elem(&vfs_write_started, &tid);
	if (!((result > 0) && (((__u64)BPF_CORE_READ(file, f_flags) & 1) == 0)))
		return;

	__builtin_memset(&key, 0, sizeof(key));
	key.probe = vfs_write;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	add_value(&key, latency);
}

SEC("?fentry/vfs_write")
BPFW_CHOICE("vfs_write", 0)
int BPF_PROG(vfs_write_fentry, struct file *file)
{
	vfs_write_begins(file);
	return 0;
}

SEC("?fexit/vfs_write")
BPFW_CHOICE("vfs_write", 0)
int BPF_PROG(vfs_write_fexit, struct file *file, char *buf, size_t count, void *pos, ssize_t result)
{
	vfs_write_ends(result);
	return 0;
}

SEC("?kprobe/vfs_write")
BPFW_CHOICE("vfs_write", 1)
int BPF_KPROBE(vfs_write_kprobe, struct file *file)
{
	vfs_write_begins(file);
	return 0;
}

SEC("?kretprobe/vfs_write")
BPFW_CHOICE("vfs_write", 1)
int BPF_KRETPROBE(vfs_write_kretprobe, ssize_t result)
{
	vfs_write_ends(result);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
