// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A project with macros of its own for everything, kernel headers, and no SEC() in sight. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/in.h>

#ifndef __section
# define __section(NAME)	__attribute__((section(NAME), used))
#endif
#ifndef __section_tail
# define __section_tail(ID, KEY)	__section(#ID "/" #KEY)
#endif
#define __uint(name, val)	int (*name)[val]
#define __type(name, val)	typeof(val) *name
#define __always_inline		inline __attribute__((always_inline))
#define BPF_FUNC(NAME, ...)	(*NAME)(__VA_ARGS__) __attribute__((unused))
#define BPF_LICENSE(NAME)	char ____license[] __section("license") = NAME
#define CALL_DROP		1
#define IS_ERR(x)		((x) < 0)
#define ctx_load_bytes		skb_load_bytes
#define ENABLE_IPV4		1

static void *BPF_FUNC(map_lookup_elem, void *map, const void *key) = (void *)1;
static int BPF_FUNC(skb_load_bytes, const struct __sk_buff *skb, __u32 off, void *to, __u32 len) = (void *)26;
static void BPF_FUNC(tail_call, void *ctx, void *map, __u32 index) = (void *)12;
static int BPF_FUNC(trace_printk, const char *fmt, int fmt_size, ...) = (void *)6;

#define printk(fmt, ...)						\
({									\
	const char ____fmt[] = fmt;					\
	trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);		\
})

struct endpoint_key {
	union {
		struct {
			__u32 ip4;
			__u32 pad1;
		};
		__u64 ip[2];
	};
	__u8 family;
	__u8 pad[3];
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 8);
} cilium_calls __section(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct endpoint_key);
	__type(value, __u64);
	__uint(max_entries, 65536);
} cilium_lxc __section(".maps");

static __always_inline int handle_ipv4(struct __sk_buff *ctx, __u32 *identity)
{
	struct endpoint_key key = {};
	struct iphdr ip;
	__u64 *ep;

	if (IS_ERR(ctx_load_bytes(ctx, ETH_HLEN, &ip, sizeof(ip))))
		return TC_ACT_SHOT;
	key.ip4 = ip.daddr;
	key.family = 1;
	ep = map_lookup_elem(&cilium_lxc, &key);
	if (!ep)
		return TC_ACT_OK;
	*identity = *ep;
	printk("identity %u\n", *identity);
	return TC_ACT_OK;
}

__section_tail(2, 7)
int tail_handle_ipv4(struct __sk_buff *ctx)
{
	__u32 identity = 0;

#ifdef ENABLE_IPV4
	if (handle_ipv4(ctx, &identity) == TC_ACT_SHOT) {
#else
	if (ctx->protocol) {
#endif
		return TC_ACT_SHOT;
	}
	return TC_ACT_OK;
}

__section("tc")
int cil_from_container(struct __sk_buff *ctx)
{
	int ret = TC_ACT_OK;

	switch (ctx->protocol) {
#ifdef ENABLE_IPV4
	case __constant_htons(ETH_P_IP):
		tail_call(ctx, &cilium_calls, CALL_DROP);
		ret = TC_ACT_SHOT;
		break;
#endif
	default:
		break;
	}
	return ret;
}

BPF_LICENSE("Dual BSD/GPL");
