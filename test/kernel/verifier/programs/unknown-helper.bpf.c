// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A helper number that this kernel does not have. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static long (*bpf_from_the_future)(void *ctx) = (void *)9999;

SEC("raw_tp/sys_enter")
int call_it(void *ctx)
{
	return bpf_from_the_future(ctx);
}

char LICENSE[] SEC("license") = "GPL";
