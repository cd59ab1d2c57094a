// SPDX-License-Identifier: GPL-2.0
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u64 failures;

SEC("fexit/__x64_sys_mkdirat")
int BPF_PROG(mkdir_done, int dirfd, const char *name, umode_t mode, long result)
{
	if (result < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}
