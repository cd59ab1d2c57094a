// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A helper of network programs in a tracing program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int redirect(void *ctx)
{
	return bpf_redirect(1, 0);
}

char LICENSE[] SEC("license") = "GPL";
