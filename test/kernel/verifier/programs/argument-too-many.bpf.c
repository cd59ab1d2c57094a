// SPDX-License-Identifier: GPL-2.0
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u64 bytes;

SEC("fentry/vfs_read")
int BPF_PROG(on_read, struct file *file, char *buffer, size_t count, loff_t *pos, void *flags, long extra)
{
	bytes += extra;
	return 0;
}
