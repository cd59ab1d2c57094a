// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Two maps of 10,000 x 27 slots, one entry more in each for each getpgid() of one process. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "bpfw.h"

#define ENTRIES 10000
#define SLOTS 27

struct slots {
	__u32 slots[SLOTS];
};

const volatile __u32 target_pid = 0;
__u32 filled;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct slots);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct slots);
} mapped SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int fill(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct slots value = {};
	__u32 key = filled;

	if (pid != target_pid || key >= ENTRIES)
		return 0;
	filled++;
	value.slots[key & 15] = key;
	bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
	bpf_map_update_elem(&mapped, &key, &value, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
