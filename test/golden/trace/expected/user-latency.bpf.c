// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * handle-latency - program:handle: how long it takes, where arg1 >= 10.
 *
 * Written by: bpfw trace FOLDER/program:handle --latency --where 'arg1 >= 10'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_file[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") =
	"FOLDER/program";
const volatile char target_function_handle[256] BPFW_LABEL("Function") BPFW_ROLE("function") =
	"handle";

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, bpfw_timestamp);
} started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} dist SEC(".maps") BPFW_LABEL("program:handle latency")
	BPFW_LOG2("ns");

__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void add_value(__u64 value)
{
	__u32 slot = bpfw_log2_slot(value);
	bpfw_slot *count = bpf_map_lookup_elem(&dist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void handle_begins(__u64 arg1)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_timestamp now;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;
	if (!(arg1 >= 10))
		return;

	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&started, &tid, &now, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void handle_ends(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	bpfw_timestamp *call = bpf_map_lookup_elem(&started, &tid);
	bpfw_ns latency;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	latency = bpf_ktime_get_ns() - *call;
	bpf_map_delete_elem(&started, &tid);

	add_value(latency);
}

SEC("uprobe")
BPFW_TARGET("target_function_handle")
BPFW_IFUNC
int BPF_KPROBE(handle_uprobe, __u64 arg0, __u64 arg1)
{
	handle_begins(arg1);
	return 0;
}

SEC("uretprobe")
BPFW_TARGET("target_function_handle")
BPFW_IFUNC
int BPF_KRETPROBE(handle_uretprobe)
{
	handle_ends();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
