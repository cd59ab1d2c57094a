// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A function that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/no_such_function_here")
int on_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
