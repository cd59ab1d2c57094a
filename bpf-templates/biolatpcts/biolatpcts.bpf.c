// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * biolatpcts - percentiles of disk latency.
 *
 * After bcc's examples/tracing/biolatpcts.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"
#include "bpfw_compat.h"

#define MAX_REQUESTS 16384 /* requests in flight */
#define SLOTS 100
#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define OP_MASK 0xff /* REQ_OP_MASK: the low bits of cmd_flags (include/linux/blk_types.h) */

enum io_filter {
	all_io = 0,
	only_reads = 1,
	only_writes = 2,
};

const volatile bpfw_device target_device BPFW_LABEL("Disk") BPFW_ROLE("device") = 0;
const volatile enum io_filter target_operation BPFW_LABEL("Operation") = all_io;

/*
 * Every request is counted in all three, so each is complete by itself: use the finest one whose last
 * slot, which holds all that is slower, does not contain the percentile.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, bpfw_linear_slot);
} lat_10us SEC(".maps") BPFW_LABEL("Latency below 1 ms") BPFW_PERCENTILES(0, 10, "us");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, bpfw_linear_slot);
} lat_1ms SEC(".maps") BPFW_LABEL("Latency below 100 ms") BPFW_PERCENTILES(0, 1, "ms");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, bpfw_linear_slot);
} lat_100ms SEC(".maps") BPFW_LABEL("Latency below 10 s") BPFW_PERCENTILES(0, 100, "ms");

/* Our own start times, for queues where the kernel keeps none. Keyed by the request's address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_REQUESTS);
	__type(key, __u64);
	__type(value, bpfw_timestamp);
} started SEC(".maps") BPFW_HIDDEN;

__u64 requests_missed BPFW_LABEL("Requests not timed");

static __always_inline bool wanted(struct request *rq)
{
	__u32 op = BPF_CORE_READ(rq, cmd_flags) & OP_MASK;

	if (target_device && bpfw_request_device(rq) != target_device)
		return false;
	if (target_operation == only_reads)
		return op == REQ_OP_READ;
	if (target_operation == only_writes)
		return op == REQ_OP_WRITE;
	return true;
}

static __always_inline void request_starts(struct request *rq)
{
	bpfw_timestamp now = bpf_ktime_get_ns();
	__u64 key = (__u64)rq;

	/*
	 * blk_mq_start_request() sets io_start_time_ns after this tracepoint, and only where something in
	 * the queue wants statistics (QUEUE_FLAG_STATS): whether it will cannot be told yet.
	 */
	if (!wanted(rq))
		return;
	if (bpf_map_update_elem(&started, &key, &now, BPF_ANY))
		__sync_fetch_and_add(&requests_missed, 1);
}

static __always_inline void count_latency(void *map, __u64 slot)
{
	__u32 index = slot < SLOTS ? slot : SLOTS - 1;
	bpfw_linear_slot *count = bpf_map_lookup_elem(map, &index);

	/* Atomic although it is this CPU's own: an interrupt may complete a request in between. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void request_ends(struct request *rq, __u32 status, __u32 nr_bytes)
{
	bpfw_timestamp now = bpf_ktime_get_ns(), *own, began;
	__u64 key = (__u64)rq;
	bpfw_ns latency;

	/* A request may complete in parts; the last one finishes all that is left. */
	if (nr_bytes < BPF_CORE_READ(rq, __data_len) && !status)
		return;
	if (!wanted(rq))
		return;

	own = bpf_map_lookup_elem(&started, &key);
	began = BPF_CORE_READ(rq, io_start_time_ns);
	if (!began && own)
		began = *own;
	if (own)
		bpf_map_delete_elem(&started, &key);
	if (!began)
		return; /* issued before tracing began */
	latency = now > began ? now - began : 0;
	count_latency(&lat_10us, latency / (10 * NS_PER_US));
	count_latency(&lat_1ms, latency / NS_PER_MS);
	count_latency(&lat_100ms, latency / (100 * NS_PER_MS));
}

/* 5.11 dropped the queue argument (a54895fa057c "block: remove the request_queue to argument ..."). */
SEC("?tp_btf/block_rq_issue")
BPFW_CHOICE("issue", 0)
BPFW_NEEDS("btf-args:block_rq_issue:1")
int BPF_PROG(request_issued, struct request *rq)
{
	request_starts(rq);
	return 0;
}

SEC("?tp_btf/block_rq_issue")
BPFW_CHOICE("issue", 1)
BPFW_NEEDS("btf-args:block_rq_issue:2")
int BPF_PROG(request_issued_with_queue, struct request_queue *queue, struct request *rq)
{
	request_starts(rq);
	return 0;
}

/* Its arguments were the same ever since it has the request (4.x). */
SEC("?tp_btf/block_rq_complete")
BPFW_CHOICE("completion", 0)
int BPF_PROG(request_completed, struct request *rq, int status, unsigned int nr_bytes)
{
	request_ends(rq, status, nr_bytes);
	return 0;
}

SEC("?raw_tp/block_rq_complete")
BPFW_CHOICE("completion", 1)
int BPF_PROG(request_completed_raw, struct request *rq, int status, unsigned int nr_bytes)
{
	request_ends(rq, status, nr_bytes);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
