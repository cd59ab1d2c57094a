// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A read past the end of a kernel structure. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u64 beyond;

SEC("fentry/vfs_read")
int BPF_PROG(on_read, struct file *file)
{
	beyond = *(__u64 *)((char *)file + 8192);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
