// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-stacks - vfs_read: who calls it, by comm.
 *
 * Written by: bpfw trace vfs_read --stacks --by comm
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240
#define MAX_DEPTH 32

struct trace_key {
	char comm[16];
	bpfw_ksym stack[MAX_DEPTH]; /* innermost frame first; zero behind the outermost */
};

struct trace_count {
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_count);
} stacks SEC(".maps") BPFW_LABEL("vfs_read calls");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");
__u64 stacks_cut BPFW_LABEL("Calls whose stack could not be walked");

static __always_inline void count_call(const struct trace_key *key)
{
	struct trace_count *found = bpf_map_lookup_elem(&stacks, key), none = {};

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&stacks, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&stacks, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->calls, 1);
}

static __always_inline void vfs_read_called(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&key, 0, sizeof(key));
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	if (bpf_get_stack(ctx, key.stack, sizeof(key.stack), 0) < 0)
		__sync_fetch_and_add(&stacks_cut, 1);
	count_call(&key);
}

SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_KPROBE(vfs_read_kprobe)
{
	vfs_read_called(ctx);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
