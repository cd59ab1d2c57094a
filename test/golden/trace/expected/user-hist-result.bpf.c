// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * handle-hist - program:handle: a histogram of a value (result), where arg1 >= 10.
 *
 * Written by: bpfw trace FOLDER/program:handle --hist result --where 'arg1 >= 10'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 16384 /* threads inside at one time */

struct trace_call {
	__u64 arg1;
};

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
	__type(value, struct trace_call);
} started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} dist SEC(".maps") BPFW_LABEL("program:handle result")
	BPFW_LOG2("");

__u64 values_negative BPFW_LABEL("Negative values, not in the histogram");
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
	struct trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.arg1 = arg1;
	if (bpf_map_update_elem(&started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void handle_ends(__s64 result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct trace_call *call = bpf_map_lookup_elem(&started, &tid);
	__u64 arg1;
	__s64 value;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	arg1 = call->arg1;
	bpf_map_delete_elem(&started, &tid);
	if (!(arg1 >= 10))
		return;

	value = result;
	if (value < 0) {
		__sync_fetch_and_add(&values_negative, 1);
		return;
	}
	add_value(value);
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
int BPF_KRETPROBE(handle_uretprobe, __s64 result)
{
	handle_ends(result);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
