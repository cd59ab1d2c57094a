// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A kernel pointer followed like one of our own. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u32 flags;

SEC("kprobe/vfs_read")
int BPF_KPROBE(on_read, struct file *file)
{
	flags = file->f_flags;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
