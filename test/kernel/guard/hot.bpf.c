// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* A program that costs too much: a long way at each system call of the machine. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define STEPS 2000

__u64 calls;

SEC("raw_tp/sys_enter")
int burn(void *ctx)
{
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < STEPS; i++)
		sum += bpf_get_smp_processor_id() + i;
	calls += sum & 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
