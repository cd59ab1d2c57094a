// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Kernel structures can be read, not changed. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/vfs_read")
int BPF_PROG(on_read, struct file *file)
{
	file->f_flags = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
