// SPDX-License-Identifier: GPL-2.0
/* In the manner of the kernel's samples and selftests: another name, another loader (tc, ip), sections of any name. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/* iproute2's own description of a map. */
struct bpf_elf_map {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
	__u32 id;
	__u32 pinning;
};

struct bpf_elf_map SEC("maps") tunnels = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(int),
	.size_value = sizeof(int),
	.max_elem = 16,
};

struct backend {
	__u32 address;
	__u16 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

static __always_inline int find_backend(__u32 key, struct backend **found)
{
	*found = bpf_map_lookup_elem(&backends, &key);
	if (!(*found))
		return 0;
	return (*found)->port != 0;
}

SEC("encap_gre_none")
int encap(struct __sk_buff *skb)
{
	struct backend *backend;

	if (!find_backend(skb->hash, &backend))
		return TC_ACT_SHOT;
	return bpf_redirect(backend->address, 0);
}

SEC("decap")
int decap(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

SEC("socket1")
int count(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("raw_tracepoint/sys_enter:short")
int enter_short(void *ctx)
{
	return 0;
}

SEC("tp/dummy/tracepoint")
int placed_by_user_space(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
