// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Two functions that each need much of the one stack of 512 bytes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int fill(void *ctx, volatile char *from)
{
	volatile char path[300] = {};

	path[from[0] & 127] = 1;
	return path[1];
}

SEC("raw_tp/sys_enter")
int two_buffers(void *ctx)
{
	volatile char name[300] = {};

	name[0] = bpf_get_smp_processor_id();
	return fill(ctx, name);
}

char LICENSE[] SEC("license") = "GPL";
