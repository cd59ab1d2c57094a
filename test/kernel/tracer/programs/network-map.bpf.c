// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Creating this map wants CAP_NET_ADMIN, whatever the program is. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("raw_tp/sys_enter")
int has_network_map(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
