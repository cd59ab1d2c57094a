// SPDX-License-Identifier: GPL-2.0
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* How far into the packet to look: any number below 100,000. */
__u32 where;
__u64 seen;

SEC("xdp")
int look_far(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u64 far = where;

	if (far > 100000)
		return XDP_PASS;
	data += far;
	if (data + 1 > data_end)
		return XDP_PASS;
	seen += *data;
	return XDP_PASS;
}
