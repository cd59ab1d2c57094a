// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Keeps the verifier busy for seconds: it walks every turn of the loop, up to its limit of a million instructions. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 sum;

SEC("raw_tp/sys_enter")
int add_up(void *ctx)
{
	__u64 total = 0;
	__u32 i;

	for (i = 0; i < 1000000; i++)
		total += bpf_get_prandom_u32();
	sum = total;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
