// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An fentry program may return 0 only. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/vfs_read")
int BPF_PROG(on_read, struct file *file)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
