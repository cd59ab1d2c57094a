// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * urandomread - every read of /dev/urandom.
 *
 * After bcc's examples/tracing/urandomread.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_READS 4096 /* threads reading at one time */

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	__u64 bits BPFW_LABEL("bits read");
	bpfw_bytes requested;
	char comm[16];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";
const volatile __u64 min_bytes BPFW_LABEL("Smallest read shown") BPFW_UNIT("bytes") = 0;

/* Bytes asked for, by thread: the iterator counts down, at the end it says what is left. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_READS);
	__type(key, bpfw_tid);
	__type(value, __u64);
} requests SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 reads_missed BPFW_LABEL("Reads not followed");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

static __always_inline void report(__u64 bits, bpfw_bytes requested)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event;

	if (bits / 8 < min_bytes)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->bits = bits;
	event->requested = requested;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void read_begins(__u64 requested)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();

	if (wanted() && bpf_map_update_elem(&requests, &tid, &requested, BPF_ANY))
		__sync_fetch_and_add(&reads_missed, 1);
}

static __always_inline void read_ends(long returned)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	__u64 *requested = bpf_map_lookup_elem(&requests, &tid);

	if (!requested)
		return;
	if (returned >= 0)
		report((__u64)returned * 8, *requested);
	bpf_map_delete_elem(&requests, &tid);
}

/* 5.19 made it a read_iter (1b388e7765f2 "random: convert to using fops->read_iter()"); stable trees followed. */
SEC("?fentry/urandom_read_iter")
BPFW_CHOICE("read", 0)
int BPF_PROG(iter_begins, struct kiocb *iocb, struct iov_iter *iter)
{
	read_begins(BPF_CORE_READ(iter, count));
	return 0;
}

SEC("?fexit/urandom_read_iter")
BPFW_CHOICE("read", 0)
int BPF_PROG(iter_ends, struct kiocb *iocb, struct iov_iter *iter, ssize_t returned)
{
	read_ends(returned);
	return 0;
}

SEC("?kprobe/urandom_read_iter")
BPFW_CHOICE("read", 1)
int BPF_KPROBE(iter_begins_probe, struct kiocb *iocb, struct iov_iter *iter)
{
	read_begins(BPF_CORE_READ(iter, count));
	return 0;
}

SEC("?kretprobe/urandom_read_iter")
BPFW_CHOICE("read", 1)
int BPF_KRETPROBE(iter_ends_probe, long returned)
{
	read_ends(returned);
	return 0;
}

/* Before: read(file, buffer, bytes, position), the same function the tracepoint random:urandom_read was in. */
SEC("?kprobe/urandom_read")
BPFW_CHOICE("read", 2)
int BPF_KPROBE(read_begins_probe, struct file *file, void *buffer, size_t bytes)
{
	read_begins(bytes);
	return 0;
}

SEC("?kretprobe/urandom_read")
BPFW_CHOICE("read", 2)
int BPF_KRETPROBE(read_ends_probe, long returned)
{
	read_ends(returned);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
