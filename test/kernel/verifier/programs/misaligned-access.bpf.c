// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Eight bytes written at an address that is not a multiple of eight. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int pack(void *ctx)
{
	char packed[24] = {};
	__u64 *time_ns = (__u64 *)(packed + 1);

	/* The compiler would write it byte by byte, if it knew. */
	asm volatile("" : "+r"(time_ns));
	*time_ns = bpf_ktime_get_ns();
	return packed[2];
}

char LICENSE[] SEC("license") = "GPL";
