// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-hist - vfs_read: a histogram of a value (result), where comm == "dd".
 *
 * Written by: bpfw trace vfs_read --hist result --where 'comm == "dd"'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} dist SEC(".maps") BPFW_LABEL("vfs_read result")
	BPFW_LOG2("");

__u64 values_negative BPFW_LABEL("Negative values, not in the histogram");

static __always_inline void add_value(__u64 value)
{
	__u32 slot = bpfw_log2_slot(value);
	bpfw_slot *count = bpf_map_lookup_elem(&dist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void vfs_read_called(ssize_t result)
{
	__u64 id = bpf_get_current_pid_tgid();
	__s64 value;
	char comm[16] = {};

	if (target_pid && id >> 32 != target_pid)
		return;
	bpf_get_current_comm(comm, sizeof(comm));
	if (!((comm[0] == 'd' && comm[1] == 'd' && !comm[2])))
		return;

	value = result;
	if (value < 0) {
		__sync_fetch_and_add(&values_negative, 1);
		return;
	}
	add_value(value);
}

SEC("?fexit/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fexit, struct file *file, char *buf, size_t count, void *pos, ssize_t result)
{
	vfs_read_called(result);
	return 0;
}

SEC("?kretprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KRETPROBE(vfs_read_kretprobe, ssize_t result)
{
	vfs_read_called(result);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
