// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * sys_openat-count - sys:openat: how often it is called, by filename, where result < 0.
 *
 * Written by: bpfw trace sys:openat --count --by filename --where 'result < 0'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240
#define MAX_CALLS 16384 /* threads inside at one time */

struct trace_key {
	char filename[128];
};

struct trace_count {
	bpfw_count calls;
};

struct trace_call {
	const char *filename;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, struct trace_call);
} started SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_count);
} counts SEC(".maps") BPFW_LABEL("sys:openat calls");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");
__u64 calls_missed BPFW_LABEL("Calls not followed");

static __always_inline void count_call(const struct trace_key *key)
{
	struct trace_count *found = bpf_map_lookup_elem(&counts, key), none = {};

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&counts, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&counts, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->calls, 1);
}

static __always_inline void sys_openat_begins(const char *filename)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_call call;
	bpfw_tid tid = id;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&call, 0, sizeof(call));
	call.filename = filename;
	if (bpf_map_update_elem(&started, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&calls_missed, 1);
}

static __always_inline void sys_openat_ends(__s64 result)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	struct trace_call *call = bpf_map_lookup_elem(&started, &tid);
	const char *filename;
	struct trace_key key;

	if (!call)
		return; /* filtered, or already inside when tracing began */
	filename = call->filename;
	bpf_map_delete_elem(&started, &tid);
	if (!(result < 0))
		return;

	__builtin_memset(&key, 0, sizeof(key));
	bpf_probe_read_user_str(key.filename, sizeof(key.filename), filename);
	count_call(&key);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int sys_openat_enter(struct trace_event_raw_sys_enter *ctx)
{
	sys_openat_begins((const char *)ctx->args[1]);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int sys_openat_exit(struct trace_event_raw_sys_exit *ctx)
{
	sys_openat_ends(ctx->ret);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
