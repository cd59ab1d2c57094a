// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * dddos - an alert when packets of one source keep coming faster than they should.
 *
 * After bcc's examples/tracing/dddos.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_SOURCES 16384 /* the least recently seen make room */
#define ETH_P_IP 0x0800 /* include/uapi/linux/if_ether.h: macros are not in BTF */
#define ETH_P_IPV6 0x86dd
#define NS_PER_SECOND 1000000000ULL

/* AF_* of include/linux/socket.h. */
enum source_family {
	all_sources = 0,
	ipv4 = 2,
	ipv6 = 10,
};

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_count packets BPFW_LABEL("packets in this run");
	bpfw_count rate BPFW_UNIT("packets/s");
	enum source_family family BPFW_HELP("Says which of the two addresses is the source");
	bpfw_ipv4 saddr BPFW_LABEL("IPv4 source");
	bpfw_ipv6 saddr6 BPFW_LABEL("IPv6 source");
	__u32 ifindex BPFW_LABEL("interface");
};

struct packet_source {
	enum source_family family;
	bpfw_ipv4 saddr;
	bpfw_ipv6 saddr6;
};

/* Packets in a row, each soon after the one before. */
struct packet_run {
	bpfw_timestamp began;
	bpfw_timestamp last;
	__u64 packets;
	__u64 alert_at;
};

const volatile __u64 threshold BPFW_LABEL("Packets in a row") BPFW_RANGE(1, 1000000000) = 1000;
const volatile bpfw_us max_gap_us BPFW_LABEL("Longest pause within a run") BPFW_RANGE(1, 60000000) = 1000;
const volatile __u64 repeat BPFW_LABEL("Alert again every") BPFW_UNIT("packets") = 10000;
const volatile bool by_source BPFW_LABEL("Each source for itself") = true;
const volatile __u32 target_ifindex BPFW_LABEL("Interface index") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SOURCES);
	__type(key, struct packet_source);
	__type(value, struct packet_run);
} runs SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 packets_seen BPFW_LABEL("Packets seen");

/* At every attach point used here skb->data is at the network header; network_header may not be set yet. */
static __always_inline bool source_of(struct sk_buff *skb, struct packet_source *source)
{
	__u16 protocol = BPF_CORE_READ(skb, protocol); /* network byte order */
	unsigned char *header = BPF_CORE_READ(skb, data);

	if (protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6))
		return false;
	if (!by_source)
		return true;
	if (protocol == bpf_htons(ETH_P_IP)) {
		source->family = ipv4;
		bpf_core_read(&source->saddr, sizeof(source->saddr), &((struct iphdr *)header)->saddr);
	} else {
		source->family = ipv6;
		bpf_core_read(&source->saddr6, sizeof(source->saddr6), &((struct ipv6hdr *)header)->saddr);
	}
	return true;
}

static __always_inline void alert(const struct packet_source *source, const struct packet_run *run, __u64 packets,
				  __u32 ifindex)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	__u64 elapsed_ns = run->last - run->began;

	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = run->last;
	event->packets = packets;
	event->rate = packets * NS_PER_SECOND / (elapsed_ns ? elapsed_ns : 1);
	event->family = source->family;
	event->saddr = source->saddr;
	event->saddr6 = source->saddr6;
	event->ifindex = ifindex;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void packet_received(struct sk_buff *skb)
{
	struct packet_source source = {};
	struct packet_run *run;
	bpfw_timestamp now;
	__u32 ifindex = BPF_CORE_READ(skb, dev, ifindex);
	__u64 packets;

	if (target_ifindex && ifindex != target_ifindex)
		return;
	if (!source_of(skb, &source))
		return;
	__sync_fetch_and_add(&packets_seen, 1);

	now = bpf_ktime_get_ns();
	run = bpf_map_lookup_elem(&runs, &source);
	if (!run) {
		struct packet_run first = { .began = now, .last = now, .packets = 1, .alert_at = threshold + 1 };

		bpf_map_update_elem(&runs, &source, &first, BPF_ANY);
		return;
	}
	/* Another CPU may have seen a later packet of this source: then the pause is none, not 2^64. */
	if (now > run->last && now - run->last > max_gap_us * 1000) {
		run->began = now;
		run->packets = 0;
		run->alert_at = threshold + 1;
	}
	run->last = now;
	__sync_fetch_and_add(&run->packets, 1);
	packets = run->packets;
	if (packets < run->alert_at)
		return;
	run->alert_at = repeat ? packets + repeat : (__u64)-1;
	alert(&source, run, packets, ifindex);
}

/* Before the protocols: whatever way a packet takes (ip_rcv is not called for GRO's lists), it comes by here. */
SEC("?tp_btf/netif_receive_skb")
BPFW_CHOICE("receive", 0)
int BPF_PROG(packet_in, struct sk_buff *skb)
{
	packet_received(skb);
	return 0;
}

SEC("?tracepoint/net/netif_receive_skb")
BPFW_CHOICE("receive", 1)
int packet_in_classic(struct trace_event_raw_net_dev_template *ctx)
{
	packet_received(ctx->skbaddr);
	return 0;
}

/* 4.19 split it from ip_rcv; may be inlined. IPv4 only. */
SEC("?kprobe/ip_rcv_core")
BPFW_CHOICE("receive", 2)
int BPF_KPROBE(ip_rcv_core_called, struct sk_buff *skb)
{
	packet_received(skb);
	return 0;
}

/* The original's place. IPv4 only, and blind for packets that arrive in lists. */
SEC("?kprobe/ip_rcv")
BPFW_CHOICE("receive", 3)
int BPF_KPROBE(ip_rcv_called, struct sk_buff *skb)
{
	packet_received(skb);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
