// SPDX-License-Identifier: GPL-2.0
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("uprobe//usr/bin/cat:read")
int on_read(void *ctx)
{
	return 0;
}
