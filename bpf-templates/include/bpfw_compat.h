/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * bpfw_compat.h - kernel structures that changed shape, read the same way on all of them.
 *
 * A type with a ___suffix is a "flavour": libbpf drops the suffix and looks the type up in the
 * running kernel's BTF, so members that vmlinux.h does not have can still be named.
 */
#ifndef __BPFW_COMPAT_H
#define __BPFW_COMPAT_H

/* 5.17 removed request.rq_disk (f3fa33acca9f "block: remove the ->rq_disk field in struct request"). */
struct request___rq_disk {
	struct gendisk *rq_disk;
} __attribute__((preserve_access_index));

/* 5.15 added request_queue.disk (d152c682f03c "block: add an explicit ->disk backpointer to the request_queue"). */
struct request_queue___disk {
	struct gendisk *disk;
} __attribute__((preserve_access_index));

/* The disk a request goes to, as major << 20 | minor; 0 when it has none. */
static __always_inline bpfw_device bpfw_request_device(struct request *rq)
{
	struct request_queue___disk *queue;
	struct gendisk *disk;

	if (bpf_core_field_exists(struct request___rq_disk, rq_disk)) {
		disk = BPF_CORE_READ((struct request___rq_disk *)rq, rq_disk);
	} else {
		queue = (void *)BPF_CORE_READ(rq, q);
		disk = BPF_CORE_READ(queue, disk);
	}
	if (!disk)
		return 0;
	return (__u32)BPF_CORE_READ(disk, major) << 20 | (__u32)BPF_CORE_READ(disk, first_minor);
}

/*
 * The classic tracepoint's record. 5.18 gave block_rq_complete a record shared with block_rq_error
 * (d5869fdc189f "block: introduce block_rq_error tracepoint"); the members' names stayed.
 */
struct trace_event_raw_block_rq_completion___compat {
	dev_t dev;
	sector_t sector;
	unsigned int nr_sector;
	int error;
	char rwbs[8];
} __attribute__((preserve_access_index));

struct trace_event_raw_block_rq_complete___compat {
	dev_t dev;
	sector_t sector;
	unsigned int nr_sector;
	int error;
	char rwbs[8];
} __attribute__((preserve_access_index));

/*
 * A member of the context of tracepoint/block/block_rq_complete. Read as memory: with two layouts
 * clang would add to the context pointer, and the verifier forbids that.
 */
#define bpfw_completed(ctx, member)                                                                  \
	(bpf_core_type_exists(struct trace_event_raw_block_rq_completion___compat) ?                 \
		 BPF_CORE_READ((struct trace_event_raw_block_rq_completion___compat *)(ctx), member) : \
		 BPF_CORE_READ((struct trace_event_raw_block_rq_complete___compat *)(ctx), member))

/* A negative errno for a blk_status_t, as blk_status_to_errno() (block/blk-core.c) maps the usual ones. */
static __always_inline bpfw_errno bpfw_block_error(__u32 status)
{
	if (status == 0) /* BLK_STS_OK */
		return 0;
	if (status == 1) /* BLK_STS_NOTSUPP */
		return -95; /* EOPNOTSUPP */
	if (status == 2) /* BLK_STS_TIMEOUT */
		return -110; /* ETIMEDOUT */
	if (status == 3) /* BLK_STS_NOSPC */
		return -28; /* ENOSPC */
	if (status == 7) /* BLK_STS_MEDIUM */
		return -61; /* ENODATA */
	if (status == 8) /* BLK_STS_PROTECTION */
		return -84; /* EILSEQ */
	return -5; /* EIO: BLK_STS_IOERR and the rest */
}

#endif /* __BPFW_COMPAT_H */
