// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A program that ends without having decided what it returns. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int undecided(void *ctx)
{
	int result;

	return result;
}

char LICENSE[] SEC("license") = "GPL";
