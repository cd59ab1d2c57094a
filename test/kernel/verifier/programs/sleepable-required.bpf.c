// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Reading user memory that may have to be paged in, where nothing may sleep. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char word[8];

SEC("raw_tp/sys_enter")
int read_word(void *ctx)
{
	return bpf_copy_from_user(word, sizeof(word), ctx);
}

char LICENSE[] SEC("license") = "GPL";
