// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Writes to the trace pipe, which every program of the machine shares. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int prints(void *ctx)
{
	bpf_printk("budget");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
