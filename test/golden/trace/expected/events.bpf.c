// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-events - vfs_read: each call, with arguments and result, where latency > 1000000.
 *
 * Written by: bpfw trace vfs_read --events --where 'latency > 1000000'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */
#define RING_BYTES (1024 * 1024)

struct trace_record {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	char comm[16];
	bpfw_hex file;
	bpfw_hex buf;
	size_t count;
	bpfw_hex pos;
	ssize_t result;
};

struct trace_call {
	bpfw_timestamp began;
	struct file *file;
	char *buf;
	size_t count;
	void *pos;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct trace_call);
} started SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct trace_record, RING_BYTES);
BPFW_DROPS(events);

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void vfs_read_begins(struct file *file, char *buf, size_t count, void *pos)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.file = file;
	call.buf = buf;
	call.count = count;
	call.pos = pos;
	call.began = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void vfs_read_ends(ssize_t result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct trace_call *call = bpf_map_lookup_elem(&started, &tid);
	struct file *file;
	char *buf;
	size_t count;
	void *pos;
	bpfw_ns latency;
	struct trace_record *record;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - call->began;
	file = call->file;
	buf = call->buf;
	count = call->count;
	pos = call->pos;
	bpf_map_delete_elem(&started, &tid);
	if (!(latency > 1000000))
		return;

	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	record->ts = bpf_ktime_get_ns();
	record->pid = id >> 32;
	record->tid = (__u32)id;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	record->file = (__u64)file;
	record->buf = (__u64)buf;
	record->count = count;
	record->pos = (__u64)pos;
	record->result = result;
	bpf_ringbuf_submit(record, 0);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry, struct file *file, char *buf, size_t count, void *pos)
{
	vfs_read_begins(file, buf, count, pos);
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
int BPF_KPROBE(vfs_read_kprobe, struct file *file, char *buf, size_t count, void *pos)
{
	vfs_read_begins(file, buf, count, pos);
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
