// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A kernel variable that no kernel has. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern const int no_such_variable __ksym;

SEC("raw_tp/sys_enter")
int read_it(void *ctx)
{
	const int *value = bpf_this_cpu_ptr(&no_such_variable);

	return *value;
}

char LICENSE[] SEC("license") = "GPL";
