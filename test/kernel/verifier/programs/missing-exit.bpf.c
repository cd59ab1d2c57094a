// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Code that runs off its end, because the compiler was told it cannot. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int never_back(void *ctx)
{
	bpf_get_smp_processor_id();
	__builtin_unreachable();
}

char LICENSE[] SEC("license") = "GPL";
