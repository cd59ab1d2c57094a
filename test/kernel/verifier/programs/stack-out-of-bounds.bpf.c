// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An index into a local array that nothing limits. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int mark_cpu(void *ctx)
{
	volatile char seen[32] = {};
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu < 64)
		seen[cpu] = 1;
	return seen[0];
}

char LICENSE[] SEC("license") = "GPL";
