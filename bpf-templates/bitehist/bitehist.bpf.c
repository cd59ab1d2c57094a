// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * bitehist - sizes of block I/O requests, as a log2 and as a linear histogram.
 *
 * After bcc's examples/tracing/bitehist.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"
#include "bpfw_compat.h"

#define LINEAR_SLOTS 65 /* 0 .. 63 KiB, then everything from 64 KiB */
#define SECTOR_BYTES 512 /* the block layer's sector, whatever the disk's */
#define OP_MASK 0xff /* REQ_OP_MASK: the low bits of cmd_flags (include/linux/blk_types.h) */

enum io_filter {
	all_io = 0,
	only_reads = 1,
	only_writes = 2,
};

const volatile bpfw_device target_device BPFW_LABEL("Disk") BPFW_ROLE("device") = 0;
const volatile enum io_filter target_operation BPFW_LABEL("Operation") = all_io;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} sizes SEC(".maps") BPFW_LABEL("I/O size") BPFW_LOG2("KiB");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LINEAR_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_linear_slot);
} sizes_linear SEC(".maps") BPFW_LABEL("I/O size, linear") BPFW_LINEAR(0, 1, "KiB");

static __always_inline bool wanted(bpfw_device device, bool read, bool write)
{
	if (target_device && device != target_device)
		return false;
	if (target_operation == only_reads)
		return read;
	if (target_operation == only_writes)
		return write;
	return true;
}

static __always_inline void count_request(__u64 bytes)
{
	/* Rounded up: a 512-byte request is not nothing. */
	__u64 kib = (bytes + 1023) / 1024;
	__u32 slot = bpfw_log2_slot(kib);
	__u64 *count;

	count = bpf_map_lookup_elem(&sizes, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);

	slot = kib < LINEAR_SLOTS ? kib : LINEAR_SLOTS - 1;
	count = bpf_map_lookup_elem(&sizes_linear, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * nr_bytes says what this completion finished. rq->__data_len would not do: it counts down, and the
 * functions usually probed for this (blk_account_io_done) come after it has reached 0.
 */
SEC("?tp_btf/block_rq_complete")
BPFW_CHOICE("completion", 0)
int BPF_PROG(request_completed, struct request *rq, int error, unsigned int nr_bytes)
{
	__u32 op = rq->cmd_flags & OP_MASK;

	if (wanted(bpfw_request_device(rq), op == REQ_OP_READ, op == REQ_OP_WRITE))
		count_request(nr_bytes);
	return 0;
}

SEC("?tracepoint/block/block_rq_complete")
BPFW_CHOICE("completion", 1)
int request_completed_classic(void *ctx)
{
	char rwbs = bpfw_completed(ctx, rwbs[0]);

	/* rwbs is text, see blk_fill_rwbs(): R, W, D(iscard), F(lush) ... */
	if (wanted(bpfw_completed(ctx, dev), rwbs == 'R', rwbs == 'W'))
		count_request((__u64)bpfw_completed(ctx, nr_sector) * SECTOR_BYTES);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
