// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Two maps of 10,000 x 27 slots, one entry more in each for each getpgid() of one
 * process; once they are full each call changes an entry of both, and no sum.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "bpfw.h"

#define ENTRIES 10000
#define SLOTS 27
/* Takes one entry after another from everywhere in the map. */
#define STEP 7919

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

static void flip(struct slots *value)
{
	if (!value)
		return;
	value->slots[16] ^= 1;
	value->slots[17] ^= 1;
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int fill(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct slots value = {};
	__u32 key = filled;

	if (pid != target_pid)
		return 0;
	filled++;
	if (key >= ENTRIES) {
		key = (key * STEP) % ENTRIES;
		flip(bpf_map_lookup_elem(&hash, &key));
		flip(bpf_map_lookup_elem(&mapped, &key));
		return 0;
	}
	value.slots[key & 15] = key;
	value.slots[16] = 1;
	bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
	bpf_map_update_elem(&mapped, &key, &value, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
