// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-count - vfs_read: how often it is called.
 *
 * Written by: bpfw trace vfs_read --count
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

__u64 calls BPFW_LABEL("vfs_read calls");

static __always_inline void vfs_read_called(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (target_pid && id >> 32 != target_pid)
		return;

	__sync_fetch_and_add(&calls, 1);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry)
{
	vfs_read_called();
	return 0;
}

SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KPROBE(vfs_read_kprobe)
{
	vfs_read_called();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
