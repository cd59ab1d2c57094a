// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A field that no kernel has. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct___future {
	int mood;
} __attribute__((preserve_access_index));

int mood;

SEC("raw_tp/sys_enter")
int read_mood(void *ctx)
{
	struct task_struct___future *task = (void *)bpf_get_current_task();

	mood = BPF_CORE_READ(task, mood);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
