// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A length that is compared as a signed number may still be negative. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CHUNK 64

char chunk[CHUNK];
long wanted;

SEC("raw_tp/sys_enter")
int copy_chunk(void *ctx)
{
	long length = wanted;

	if (length > CHUNK)
		length = CHUNK;
	bpf_probe_read_kernel(chunk, length, ctx);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
