// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An object with nothing but a program that may change the system. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("raw_tp.w/sys_enter")
int count_calls(void *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
