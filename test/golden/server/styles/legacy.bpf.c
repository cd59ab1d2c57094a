/* SPDX-License-Identifier: LGPL-2.1 */
/* Older sources that still build: uapi headers, asm helpers, packed records, K&R habits. */
#include <linux/types.h>
#include <stddef.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define _(P) ({ typeof(P) val = 0; bpf_probe_read(&val, sizeof(val), &P); val; })
#ifndef offsetof
#define offsetof(TYPE, MEMBER) ((size_t) &((TYPE *)0)->MEMBER)
#endif
#define DEBUG 0
#if DEBUG
#define debug(...) ((void)0)
#else
#define debug(fmt, ...)
#endif

typedef __u64 uint64_t;
typedef __u32 uint32_t;
typedef __u16 uint16_t;
typedef __s8 int8_t;

typedef struct {
	uint32_t saddr, daddr;
	uint16_t sport, dport;
} __attribute__((packed)) tuple_t;

typedef enum { DIR_UNKNOWN, DIR_IN = 2, DIR_OUT } direction_t;

struct bpf_map_options { int unused; };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, tuple_t);
	__type(value, uint64_t[4]);
} conns SEC(".maps");

static const char *const names[] = { "a", "b", };
static int (*handlers[2])(void *);
int8_t levels[3][4] = { { 1, 2 }, { 3 } };

static inline __attribute__((always_inline)) direction_t
direction(struct tcphdr *th, bool swap)
{
	return swap ? DIR_IN : th->syn ? DIR_OUT : DIR_UNKNOWN;
}

static __attribute__((noinline)) int slow(tuple_t *t)
{
	uint64_t (*values)[4];

	values = bpf_map_lookup_elem(&conns, t);
	return values ? (int)(*values)[0] : -1;
}

SEC("socket")
int bpf_prog1(struct __sk_buff *skb)
{
	int index = offsetof(struct tcphdr, source) + skb->len;
	tuple_t t = { .saddr = 1 };
	long *value, counters[2] = {};

	/* if (skb->pkt_type != PACKET_OUTGOING) { */
	value = bpf_map_lookup_elem(&conns, &t);
	if (value && index)
		__sync_fetch_and_add(value, skb->len);
	debug("len %d", skb->len);

#pragma unroll
	for (int i = 0; i < 2; i++)
		counters[i & 1] += slow(&t);

#pragma clang loop unroll(full)
	for (size_t n = 0; ; ++n) {
		if (n == sizeof(names) / sizeof(*names))
			return counters[0];
	}
}

SEC("tp/raw_syscalls/sys_enter")
int count_calls(struct { unsigned long long pad; long id; unsigned long args[6]; } *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), tgid = id >> 32;
	__u32 pid = (__u32)id;

	return ctx->id == 0 && tgid == pid;
}

SEC("sockops")
int bpf_sockmap(struct bpf_sock_ops *skops)
{
	__u32 lport, rport;
	int op, err, ret = 1;

	op = (int) skops->op;
	switch (op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		lport = skops->local_port;
		rport = skops->remote_port;
		if (lport == 10000)
			err = bpf_ntohl(rport);
		else
			err = 0;
		ret += err != 0;
		break;
	default:
		break;
	}
	return ret;
}

char _license[] SEC("license") = "Proprietary";
int _version SEC("version") = 1;
