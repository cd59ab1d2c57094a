// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A helper for GPL programs in a program of another licence. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char comm[16];

SEC("raw_tp/sys_enter")
int read_comm(void *ctx)
{
	bpf_probe_read_kernel(comm, sizeof(comm), ctx);
	return 0;
}

char LICENSE[] SEC("license") = "Apache-2.0";
