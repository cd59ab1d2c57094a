// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Constants are set before the program is loaded and never after. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 target_pid = 0;

SEC("raw_tp/sys_enter")
int remember_pid(void *ctx)
{
	*(volatile __u32 *)&target_pid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
