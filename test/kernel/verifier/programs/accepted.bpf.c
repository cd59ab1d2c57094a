// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Two programs that the verifier accepts, one of them loaded only when chosen. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("raw_tp/sys_enter")
int always(void *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("?raw_tp/sys_exit")
int when_chosen(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32)
		__sync_fetch_and_add(&calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
