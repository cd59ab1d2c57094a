// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The size of a ring buffer record must be known when the program is loaded. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

__u32 length;

SEC("raw_tp/sys_enter")
int reserve(void *ctx)
{
	void *record;
	__u32 size = length;

	if (size > 64)
		return 0;
	record = bpf_ringbuf_reserve(&events, size, 0);
	if (record)
		bpf_ringbuf_discard(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
