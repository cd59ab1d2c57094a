// SPDX-License-Identifier: GPL-2.0
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

char name[64];

SEC("kprobe/vfs_unlink")
int BPF_KPROBE(keep_name, void *idmap, void *dir, const char *from)
{
	long length = bpf_probe_read_kernel_str(name, sizeof(name), from);

	if (length < 64)
		name[length] = '!';
	return 0;
}
