// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A spin lock in a tracing program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct account {
	struct bpf_spin_lock lock;
	__u32 calls;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("raw_tp/sys_enter")
int count_calls(void *ctx)
{
	__u32 zero = 0;
	struct account *account;

	account = bpf_map_lookup_elem(&accounts, &zero);
	if (!account)
		return 0;
	bpf_spin_lock(&account->lock);
	account->calls++;
	bpf_spin_unlock(&account->lock);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
