// SPDX-License-Identifier: GPL-2.0
/* Programs as the kernel's self tests write them: expectations, naked assembly, globals. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf_misc.h"

struct val {
	int cnt;
	struct bpf_spin_lock l;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct val);
} map_spin_lock SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, long long);
	__type(value, long long);
} map_hash_8b SEC(".maps");

SEC("cgroup/skb")
__description("spin_lock: test1 success")
__success __failure __msg("")
__retval(0)
__naked void spin_lock_test1_success(void)
{
	asm volatile ("					\
	r1 = 0;						\
	*(u32*)(r10 - 4) = r1;				\
	r2 = r10;					\
	r2 += -4;					\
	r1 = %[map_spin_lock] ll;			\
	call %[bpf_map_lookup_elem];			\
	if r0 != 0 goto l0_%=;				\
	exit;						\
l0_%=:	r6 = r0;					\
	r1 = r6;					\
	r1 += 4;					\
	call %[bpf_spin_lock];				\
	r0 = 0;						\
	exit;						\
"	:
	: __imm(bpf_map_lookup_elem),
	  __imm(bpf_spin_lock),
	  __imm_addr(map_spin_lock)
	: __clobber_all);
}

SEC("socket")
__description("bounded loop, count to 4")
__success __retval(4)
__naked void bounded_loop_count_to_4(void)
{
	asm volatile ("					\
	r0 = 0;						\
l0_%=:	r0 += 1;					\
	if r0 < 4 goto l0_%=;				\
	exit;						\
"	::: __clobber_all);
}

static __noinline int __attribute__((unused)) cb(__u32 index, void *data)
{
	*(__u64 *)data += index;
	return 0;
}

__noinline int global_good(const __u32 *mem)
{
	return mem ? *mem : 0;
}

SEC("?tracepoint")
__success __log_level(2) __flag(BPF_F_TEST_STATE_FREQ)
int accumulate(void *ctx)
{
	__u64 sum = 0;
	__u32 one = 1;

	bpf_loop(10, cb, &sum, 0);
	return sum + global_good(&one);
}

SEC("lwt_in")
__success int lwt_in_packet(struct __sk_buff *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	if (data + 8 > data_end)
		return BPF_DROP;
	return *(__u8 *)data == 0x45 ? BPF_OK : BPF_DROP;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;
	__u8 buf[2];

	if (bpf_skb_load_bytes(skb, keys->nhoff, buf, sizeof(buf)))
		return BPF_DROP;
	keys->thoff = keys->nhoff + 20;
	return BPF_OK;
}

char _license[] SEC("license") = "GPL";
