// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The compiler tests the slot before the + 1 that the index is made of: the limit is lost. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 64

__u64 slots[SLOTS];
__u64 last_ns;

static __always_inline __u32 log2_of(__u32 value)
{
	__u32 shift, log;

	log = (value > 0xffff) << 4;
	value >>= log;
	shift = (value > 0xff) << 3;
	value >>= shift;
	log |= shift;
	shift = (value > 0xf) << 2;
	value >>= shift;
	log |= shift;
	return log | (value >> 1);
}

SEC("raw_tp/sys_enter")
int count_latency(void *ctx)
{
	__u32 latency = bpf_ktime_get_ns() - last_ns;
	__u32 slot;

	slot = latency ? log2_of(latency) + 1 : 0;
	if (slot < SLOTS)
		slots[slot]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
