// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * disksnoop - every disk request: who asked, what, and how long the device took.
 *
 * After bcc's examples/tracing/disksnoop.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"
#include "bpfw_compat.h"

#define RING_BYTES (1024 * 1024)
#define MAX_REQUESTS 16384 /* requests in flight */
#define SECTOR_BYTES 512 /* the block layer's sector, whatever the disk's */
#define OP_MASK 0xff /* REQ_OP_MASK: the low bits of cmd_flags (include/linux/blk_types.h) */

/* Values are enum req_op (enum req_opf before 6.0) of include/linux/blk_types.h. */
enum io_operation {
	io_read = 0,
	io_write = 1,
	io_flush = 2,
	io_discard = 3,
	io_secure_erase = 5,
	io_write_zeroes = 9,
	io_other = 255,
};

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_device dev BPFW_LABEL("disk");
	enum io_operation op BPFW_LABEL("operation");
	__u64 sector;
	bpfw_bytes bytes;
	bpfw_ns latency;
	bpfw_errno error;
	bpfw_pid pid;
	char comm[16];
};

/* A request on its way. */
struct issued_request {
	bpfw_timestamp ts;
	__u64 sector;
	__u32 bytes;
	bpfw_device dev;
	__u32 op;
	bpfw_pid pid;
	char comm[16];
};

/* Only the classic tracepoints need it: their records do not name the request. */
struct request_place {
	__u64 sector;
	__u64 dev;
};

const volatile bpfw_device target_device BPFW_LABEL("Disk") BPFW_ROLE("device") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";
const volatile __u64 min_us BPFW_LABEL("Shortest request shown") BPFW_UNIT("us") = 0;

/* Keyed by the request's address: unique while it is in flight, and reused, so nothing piles up. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_REQUESTS);
	__type(key, __u64);
	__type(value, struct issued_request);
} requests SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_REQUESTS);
	__type(key, struct request_place);
	__type(value, struct issued_request);
} places SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Requests not followed because the table was full. */
__u64 requests_missed BPFW_LABEL("Requests not timed");

/* The task that issues: for buffered writes that is a kernel thread, not the program that wrote. */
static __always_inline bool describe(struct issued_request *issued, bpfw_device device)
{
	if (target_device && device != target_device)
		return false;
	if (!bpfw_comm_passes(target_comm))
		return false;

	issued->ts = bpf_ktime_get_ns();
	issued->dev = device;
	issued->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(issued->comm, sizeof(issued->comm));
	return true;
}

static __always_inline void request_starts(struct request *rq)
{
	struct issued_request issued = {};
	__u64 key = (__u64)rq;

	if (!describe(&issued, bpfw_request_device(rq)))
		return;
	/* Taken now: both count down while the request completes. */
	issued.bytes = BPF_CORE_READ(rq, __data_len);
	issued.sector = BPF_CORE_READ(rq, __sector);
	issued.op = BPF_CORE_READ(rq, cmd_flags) & OP_MASK;
	if (bpf_map_update_elem(&requests, &key, &issued, BPF_ANY))
		__sync_fetch_and_add(&requests_missed, 1);
}

static __always_inline void report(const struct issued_request *issued, bpfw_errno error)
{
	bpfw_timestamp now = bpf_ktime_get_ns();
	bpfw_ns latency = now - issued->ts;
	struct event *event;

	if (latency / 1000 < min_us)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = now;
	event->dev = issued->dev;
	event->op = issued->op;
	event->sector = issued->sector;
	event->bytes = issued->bytes;
	event->latency = latency;
	event->error = error;
	event->pid = issued->pid;
	__builtin_memcpy(event->comm, issued->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void request_ends(struct request *rq, __u32 status, __u32 nr_bytes)
{
	__u64 key = (__u64)rq;
	struct issued_request *issued;

	/* A request may complete in parts; the last one finishes all that is left. */
	if (nr_bytes < BPF_CORE_READ(rq, __data_len) && !status)
		return;
	issued = bpf_map_lookup_elem(&requests, &key);
	if (!issued)
		return; /* filtered, or issued before tracing began */
	report(issued, bpfw_block_error(status));
	bpf_map_delete_elem(&requests, &key);
}

/* 5.11 dropped the queue argument (a54895fa057c "block: remove the request_queue to argument ..."). */
SEC("?tp_btf/block_rq_issue")
BPFW_CHOICE("requests", 0)
BPFW_NEEDS("btf-args:block_rq_issue:1")
int BPF_PROG(request_issued, struct request *rq)
{
	request_starts(rq);
	return 0;
}

SEC("?tp_btf/block_rq_complete")
BPFW_CHOICE("requests", 0)
int BPF_PROG(request_completed, struct request *rq, int status, unsigned int nr_bytes)
{
	request_ends(rq, status, nr_bytes);
	return 0;
}

SEC("?tp_btf/block_rq_issue")
BPFW_CHOICE("requests", 1)
BPFW_NEEDS("btf-args:block_rq_issue:2")
int BPF_PROG(request_issued_with_queue, struct request_queue *queue, struct request *rq)
{
	request_starts(rq);
	return 0;
}

SEC("?tp_btf/block_rq_complete")
BPFW_CHOICE("requests", 1)
int BPF_PROG(request_completed_with_queue, struct request *rq, int status, unsigned int nr_bytes)
{
	request_ends(rq, status, nr_bytes);
	return 0;
}

/* rwbs is text, see blk_fill_rwbs(): a leading F(UA/preflush) may come before the operation's letter. */
static __always_inline __u32 operation_of(char first, char second)
{
	if (first == 'F' && second == 'W')
		return io_write;
	switch (first) {
	case 'R':
		return io_read;
	case 'W':
		return io_write;
	case 'F':
		return io_flush;
	case 'D':
		return io_discard;
	}
	return io_other;
}

SEC("?tracepoint/block/block_rq_issue")
BPFW_CHOICE("requests", 2)
int request_issued_classic(struct trace_event_raw_block_rq *ctx)
{
	struct issued_request issued = {};
	struct request_place place = { .sector = ctx->sector, .dev = ctx->dev };

	if (!describe(&issued, ctx->dev))
		return 0;
	issued.bytes = ctx->nr_sector * SECTOR_BYTES;
	issued.sector = ctx->sector;
	issued.op = operation_of(ctx->rwbs[0], ctx->rwbs[1]);
	if (bpf_map_update_elem(&places, &place, &issued, BPF_ANY))
		__sync_fetch_and_add(&requests_missed, 1);
	return 0;
}

SEC("?tracepoint/block/block_rq_complete")
BPFW_CHOICE("requests", 2)
int request_completed_classic(void *ctx)
{
	struct request_place place = { .sector = bpfw_completed(ctx, sector), .dev = bpfw_completed(ctx, dev) };
	struct issued_request *issued = bpf_map_lookup_elem(&places, &place);

	if (!issued)
		return 0;
	report(issued, bpfw_completed(ctx, error));
	bpf_map_delete_elem(&places, &place);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
