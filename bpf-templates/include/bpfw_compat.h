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

#endif /* __BPFW_COMPAT_H */
