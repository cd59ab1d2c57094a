// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What nothing has, needed and not needed, beside what every kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/no_such_function_here")
int needed(void *ctx)
{
	return 0;
}

SEC("?tp_btf/no_such_tracepoint_here")
int not_needed(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int present(void *ctx)
{
	bpf_printk("present");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
