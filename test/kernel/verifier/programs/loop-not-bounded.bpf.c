// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A loop whose end the verifier cannot see. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

volatile __u32 busy;

SEC("raw_tp/sys_enter")
int wait_for_it(void *ctx)
{
	while (busy)
		;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
