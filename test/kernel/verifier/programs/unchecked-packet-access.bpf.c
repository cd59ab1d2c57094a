// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A packet's header read without asking whether the packet is that long. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

__u32 protocol;

SEC("xdp")
int look(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	protocol = ethernet->h_proto;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
