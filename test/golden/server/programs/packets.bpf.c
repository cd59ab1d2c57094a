// SPDX-License-Identifier: Apache-2.0
/* No tracing, no GPL: a counter of packets under kernel headers instead of vmlinux.h. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline int protocol_of(void *data, void *end)
{
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return -1;
	return ip->protocol;
}

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	int protocol = protocol_of((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	__u32 key = protocol;
	__u64 *count;

	if (protocol < 0)
		return XDP_PASS;
	if ((count = bpf_map_lookup_elem(&counts, &key)))
		(*count)++;
	return XDP_PASS;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	char head[14];

	return bpf_skb_load_bytes(skb, 0, head, sizeof(head)) ? 0 : head[0];
}

char _license[] SEC("license") = "Apache-2.0";
