// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * nflatency - time packets spend in netfilter hooks, a histogram for each hook.
 *
 * After bcc's examples/tracing/nflatency.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "bpfw.h"

#define MAX_HISTOGRAMS 256
#define MAX_CALLS 4096 /* hooks being run at one time */
#define ETH_P_IP 0x0800 /* include/uapi/linux/if_ether.h: macros are not in BTF */
#define ETH_P_IPV6 0x86dd
#define MAX_EXTENSION_HEADERS 4
#define FROM_IDLE (1U << 31)

/* NFPROTO_* of include/uapi/linux/netfilter.h. */
enum hook_family {
	pf_any = 0,
	pf_inet = 1,
	pf_ipv4 = 2,
	pf_arp = 3,
	pf_netdev = 5,
	pf_bridge = 7,
	pf_ipv6 = 10,
};

/* NF_INET_* and NF_BR_* agree on 0 .. 4; ARP and netdev number their own hooks and are moved out of the way. */
enum hook_point {
	hook_prerouting = 0,
	hook_input = 1,
	hook_forward = 2,
	hook_output = 3,
	hook_postrouting = 4,
	hook_ingress_brouting = 5, /* of inet and bridge */
	hook_arp_input = 0x10,
	hook_arp_output = 0x11,
	hook_arp_forward = 0x12,
	hook_netdev_ingress = 0x20,
	hook_netdev_egress = 0x21,
};

enum packet_kind {
	not_tcp = 0,
	tcp_other = 1,
	tcp_syn = 2,
	tcp_syn_ack = 3,
	tcp_fin = 4,
	tcp_rst = 5,
};

/* 32-bit members: no padding bytes that would tell equal keys apart. */
struct hook_key {
	enum hook_family family;
	enum hook_point hook;
	enum packet_kind packet;
};

struct hook_histogram {
	bpfw_slot slots[BPFW_SLOTS];
};

struct hook_call {
	bpfw_timestamp ts;
	struct hook_key key;
};

/* The kprobes' key: nothing at the return says which call it was but who and how deep. */
struct call_level {
	__u32 owner;
	__u32 depth;
};

const volatile enum hook_family target_family BPFW_LABEL("Family") = pf_any;

/* Keyed by the nf_hook_state, an object on the caller's stack: nested calls have one each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64);
	__type(value, struct hook_call);
} calls SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, struct call_level);
	__type(value, struct hook_call);
} calls_by_level SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u32);
	__type(value, __u32);
} depths SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_HISTOGRAMS);
	__type(key, struct hook_key);
	__type(value, struct hook_histogram);
} latency SEC(".maps") BPFW_LABEL("Time in the hook") BPFW_LOG2("ns");

static struct hook_histogram empty BPFW_HIDDEN;

__u64 calls_missed BPFW_LABEL("Hook runs not timed");
/* What the hooks decided, seen by fexit only. */
__u64 packets_accepted BPFW_LABEL("Packets passed on");
__u64 packets_dropped BPFW_LABEL("Packets dropped by a rule");

static __always_inline enum packet_kind tcp_kind(unsigned char *tcp)
{
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), tcp + 13); /* CWR ECE URG ACK PSH RST SYN FIN */
	if (flags & 0x04)
		return tcp_rst;
	if (flags & 0x01)
		return tcp_fin;
	if (flags & 0x02)
		return flags & 0x10 ? tcp_syn_ack : tcp_syn;
	return tcp_other;
}

static __always_inline enum packet_kind kind_of(struct sk_buff *skb)
{
	__u16 protocol = BPF_CORE_READ(skb, protocol); /* network byte order */
	unsigned char *header = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	__u8 next = 0, length = 0;
	int i;

	if (protocol == bpf_htons(ETH_P_IP)) {
		bpf_probe_read_kernel(&length, sizeof(length), header); /* version, header words */
		bpf_probe_read_kernel(&next, sizeof(next), header + 9);
		return next == IPPROTO_TCP ? tcp_kind(header + (length & 0xf) * 4) : not_tcp;
	}
	if (protocol != bpf_htons(ETH_P_IPV6))
		return not_tcp;

	bpf_probe_read_kernel(&next, sizeof(next), header + 6);
	header += sizeof(struct ipv6hdr);
#pragma unroll
	for (i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		/* Hop-by-hop, routing and destination options: next header, length in 8 bytes beyond the first 8. */
		if (next != 0 && next != 43 && next != 60)
			break;
		bpf_probe_read_kernel(&length, sizeof(length), header + 1);
		bpf_probe_read_kernel(&next, sizeof(next), header);
		header += ((__u32)length + 1) * 8;
	}
	return next == IPPROTO_TCP ? tcp_kind(header) : not_tcp;
}

static __always_inline bool describe(struct hook_call *call, struct sk_buff *skb, struct nf_hook_state *state)
{
	__u32 family = BPF_CORE_READ(state, pf);
	__u32 hook = BPF_CORE_READ(state, hook);

	if (target_family && family != target_family)
		return false;
	call->key.family = family;
	call->key.hook = family == pf_arp ? hook + hook_arp_input :
			 family == pf_netdev ? hook + hook_netdev_ingress :
					       hook;
	call->key.packet = kind_of(skb);
	call->ts = bpf_ktime_get_ns(); /* last: reading the packet is not the hook's time */
	return true;
}

static __always_inline void count_call(const struct hook_call *call, bpfw_timestamp now)
{
	__u32 slot = bpfw_log2_slot(now - call->ts);
	struct hook_key key = call->key;
	struct hook_histogram *histogram = bpf_map_lookup_elem(&latency, &key);

	if (!histogram) {
		bpf_map_update_elem(&latency, &key, &empty, BPF_NOEXIST);
		histogram = bpf_map_lookup_elem(&latency, &key);
		if (!histogram) {
			__sync_fetch_and_add(&calls_missed, 1);
			return;
		}
	}
	__sync_fetch_and_add(&histogram->slots[slot], 1);
}

SEC("?fentry/nf_hook_slow")
BPFW_CHOICE("hook", 0)
BPFW_NEEDS("btf-args:nf_hook_slow:4")
int BPF_PROG(hook_begins, struct sk_buff *skb, struct nf_hook_state *state)
{
	struct hook_call call = {};
	__u64 key = (__u64)state;

	if (describe(&call, skb, state) && bpf_map_update_elem(&calls, &key, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
	return 0;
}

SEC("?fexit/nf_hook_slow")
BPFW_CHOICE("hook", 0)
BPFW_NEEDS("btf-args:nf_hook_slow:4")
int BPF_PROG(hook_ends, struct sk_buff *skb, struct nf_hook_state *state, const struct nf_hook_entries *entries,
	     unsigned int index, int verdict)
{
	bpfw_timestamp now = bpf_ktime_get_ns();
	__u64 key = (__u64)state;
	struct hook_call *call = bpf_map_lookup_elem(&calls, &key);

	if (!call)
		return 0;
	count_call(call, now);
	bpf_map_delete_elem(&calls, &key);
	if (verdict == 1)
		__sync_fetch_and_add(&packets_accepted, 1);
	else if (verdict < 0)
		__sync_fetch_and_add(&packets_dropped, 1);
	return 0;
}

/* Hooks also run in softirqs, on top of whatever thread is current; idle threads all have the id 0. */
static __always_inline __u32 call_owner(void)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();

	return tid ? tid : FROM_IDLE | bpf_get_smp_processor_id();
}

SEC("?kprobe/nf_hook_slow")
BPFW_CHOICE("hook", 1)
int BPF_KPROBE(hook_begins_probe, struct sk_buff *skb, struct nf_hook_state *state)
{
	struct call_level level = { .owner = call_owner() };
	struct hook_call call = {};
	__u32 *depth, one = 1;

	/* Counted even when filtered: every call returns. */
	depth = bpf_map_lookup_elem(&depths, &level.owner);
	if (depth)
		level.depth = (*depth)++;
	else
		bpf_map_update_elem(&depths, &level.owner, &one, BPF_ANY);
	if (describe(&call, skb, state) && bpf_map_update_elem(&calls_by_level, &level, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
	return 0;
}

SEC("?kretprobe/nf_hook_slow")
BPFW_CHOICE("hook", 1)
int BPF_KRETPROBE(hook_ends_probe)
{
	bpfw_timestamp now = bpf_ktime_get_ns();
	struct call_level level = { .owner = call_owner() };
	__u32 *depth = bpf_map_lookup_elem(&depths, &level.owner);
	struct hook_call *call;

	if (!depth)
		return 0; /* began before tracing did */
	level.depth = *depth - 1;
	if (level.depth)
		*depth = level.depth;
	else
		bpf_map_delete_elem(&depths, &level.owner);

	call = bpf_map_lookup_elem(&calls_by_level, &level);
	if (!call)
		return 0;
	count_call(call, now);
	bpf_map_delete_elem(&calls_by_level, &level);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
