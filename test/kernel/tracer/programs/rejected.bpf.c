// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Programs that must not get in: by the verifier, by policy, for want of a target. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} values SEC(".maps");

SEC("?raw_tp/sys_enter")
int unchecked_lookup(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&values, &key);

	return *value;
}

/* The call hides in a function of its own. */
static __attribute__((noinline)) int stop_it(int signal)
{
	return bpf_send_signal(signal);
}

SEC("?raw_tp/sys_enter")
int sends_signal(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&values, &key);

	if (value && *value == 0x5eed)
		return stop_it(19);
	return 0;
}

SEC("?xdp")
int drops_packets(void *ctx)
{
	return 1;
}

SEC("?fentry/no_such_function_here")
int no_function(void *ctx)
{
	return 0;
}

SEC("?kprobe/no_such_function_here")
int no_symbol(void *ctx)
{
	return 0;
}

SEC("?raw_tp/sys_enter")
int fine(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
