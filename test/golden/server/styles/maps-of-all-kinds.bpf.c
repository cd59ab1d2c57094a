// SPDX-License-Identifier: MIT
/* Map definitions: inner maps, initial values, tail calls, flags, sizes computed by the compiler. Needs no GPL helper. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MIB(n)		((n) * 1024ULL * 1024)
#define MAX_CPUS	(1 << 7)
#define PIN_GLOBAL_NS	2

enum { SLOT_PARSE, SLOT_DROP, SLOT_COUNT };

struct inner_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__type(key, __u32);
	__type(value, __u32);
} inner_map1 SEC(".maps"), inner_map2 SEC(".maps");

struct outer_arr {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, int);
	__type(value, int);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__type(key, __u32);
		__type(value, __u32);
	});
} outer_arr SEC(".maps") = {
	.values = { (void *)&inner_map1, 0, (void *)&inner_map2 },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, MAX_CPUS);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct inner_map);
} outer_hash SEC(".maps") = {
	.values = {
		[0] = &inner_map2,
	},
};

int parse(struct xdp_md *ctx);
int drop(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLOT_COUNT);
	__uint(key_size, sizeof(__u32));
	__array(values, int (void *));
} jump_table SEC(".maps") = {
	.values = {
		[SLOT_PARSE] = (void *)&parse,
		[SLOT_DROP] = (void *)&drop,
	},
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MIB(4));
} big SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 0x10000 /* 64 KiB */);
} small SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct { __u32 prefixlen; __u8 data[4]; });
	__type(value, __u64);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 255);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__type(value, __u32);
	__uint(max_entries, 10000);
	__uint(map_extra, 5);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, __u32);
	__uint(max_entries, 32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(struct bpf_devmap_val));
	__uint(max_entries, 8);
} devmap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 64);
} xsks_map SEC(".maps");

#define DEFINE_COUNTER(name)				\
	struct {					\
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);\
		__uint(max_entries, 1);			\
		__type(key, __u32);			\
		__type(value, __u64);			\
	} name SEC(".maps")

DEFINE_COUNTER(dropped);
DEFINE_COUNTER(passed);

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	__u32 key = 0, *inner_value, value;
	void *inner;

	inner = bpf_map_lookup_elem(&outer_arr, &key);
	if (!inner)
		return XDP_ABORTED;
	inner_value = bpf_map_lookup_elem(inner, &key);
	if (inner_value)
		*inner_value += 1;
	if (bpf_map_pop_elem(&queue, &value) == 0 && bpf_map_peek_elem(&bloom, &value) == 0)
		return bpf_redirect_map(&devmap, value, 0);
	bpf_tail_call(ctx, &jump_table, SLOT_DROP);
	bpf_tail_call_static(ctx, &jump_table, SLOT_DROP);
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	__u64 *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&dropped, &zero);
	if (count == NULL)
		return XDP_DROP;
	(*count)++;
	return XDP_DROP;
}

/* "MIT" is not GPL-compatible to the kernel, and nothing here needs it to be. */
char __license[] SEC("license") = "MIT";
