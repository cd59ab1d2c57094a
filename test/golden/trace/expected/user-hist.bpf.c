// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * handle-hist - program:handle: a histogram of a value (arg1), by str(arg0).
 *
 * Written by: bpfw trace FOLDER/program:handle --hist arg1 --by 'str(arg0)'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240

struct trace_key {
	char arg0[128];
};

struct trace_slots {
	bpfw_slot slots[BPFW_SLOTS];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_file[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") =
	"FOLDER/program";
const volatile char target_function_handle[256] BPFW_LABEL("Function") BPFW_ROLE("function") =
	"handle";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_slots);
} dist SEC(".maps") BPFW_LABEL("program:handle arg1")
	BPFW_LOG2("");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");

/* Too large for the stack. */
static const struct trace_slots none;

static __always_inline void add_value(const struct trace_key *key, __u64 value)
{
	struct trace_slots *found = bpf_map_lookup_elem(&dist, key);

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&dist, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&dist, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->slots[bpfw_log2_slot(value)], 1);
}

static __always_inline void handle_called(__u64 arg0, __u64 arg1)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&key, 0, sizeof(key));
	bpf_probe_read_user_str(key.arg0, sizeof(key.arg0), (const void *)arg0);
	add_value(&key, arg1);
}

SEC("uprobe")
BPFW_TARGET("target_function_handle")
BPFW_IFUNC
int BPF_KPROBE(handle_uprobe, __u64 arg0, __u64 arg1)
{
	handle_called(arg0, arg1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
