// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * tcpv4connect - every TCP connection this machine opens over IPv4.
 *
 * After bcc's examples/tracing/tcpv4connect.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_CALLS 4096 /* threads inside connect() at one time */

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	bpfw_ipv4 saddr BPFW_LABEL("from");
	bpfw_ipv4 daddr BPFW_LABEL("to");
	bpfw_port sport BPFW_LABEL("from port");
	bpfw_port dport BPFW_LABEL("to port");
	bpfw_errno ret BPFW_LABEL("result");
	char comm[16];
};

struct connect_call {
	struct sock *sk;
	struct sockaddr_in *address;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile bpfw_ipv4 target_daddr BPFW_LABEL("Destination address") = 0;
const volatile bpfw_port target_dport BPFW_LABEL("Destination port") = 0;
const volatile bool failures BPFW_LABEL("Show failed attempts too") = true;

/* Arguments are gone when a kretprobe runs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct connect_call);
} calls SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void report(struct sock *sk, struct sockaddr_in *address, int ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	/* The kernel's copy of what was asked for: after a failure the socket holds no addresses. */
	bpfw_ipv4 daddr = BPF_CORE_READ(address, sin_addr.s_addr);
	bpfw_port dport = bpf_ntohs(BPF_CORE_READ(address, sin_port));
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (target_daddr && daddr != target_daddr)
		return;
	if (target_dport && dport != target_dport)
		return;
	if (ret && !failures)
		return;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->saddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	event->daddr = daddr;
	event->sport = BPF_CORE_READ(sk, __sk_common.skc_num); /* host byte order already */
	event->dport = dport;
	event->ret = ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

/* One program and no map: fexit has the arguments and the result. */
SEC("?fexit/tcp_v4_connect")
BPFW_CHOICE("connect", 0)
BPFW_NEEDS("btf-args:tcp_v4_connect:3")
int BPF_PROG(connect_ends, struct sock *sk, struct sockaddr *address, int length, int ret)
{
	report(sk, (struct sockaddr_in *)address, ret);
	return 0;
}

SEC("?kprobe/tcp_v4_connect")
BPFW_CHOICE("connect", 1)
int BPF_KPROBE(connect_begins_probe, struct sock *sk, struct sockaddr *address)
{
	struct connect_call call = { .sk = sk, .address = (struct sockaddr_in *)address };
	bpfw_tid tid = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&calls, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
	return 0;
}

SEC("?kretprobe/tcp_v4_connect")
BPFW_CHOICE("connect", 1)
int BPF_KRETPROBE(connect_ends_probe, int ret)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	struct connect_call *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	report(call->sk, call->address, ret);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
