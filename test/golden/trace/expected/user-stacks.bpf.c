// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * handle-main-stacks - program:handle, program:main: who calls it (user stacks).
 *
 * Written by: bpfw trace FOLDER/program:handle FOLDER/program:main --stacks
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"
#include "bpfw_stack.h"

#define MAX_KEYS 10240
#define MAX_DEPTH 32

enum traced_probe {
	handle,
	main,
};

struct trace_key {
	enum traced_probe probe;
	bpfw_pid pid;
	bpfw_usym stack[MAX_DEPTH]; /* innermost frame first; zero behind the outermost */
};

struct trace_count {
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_file[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") =
	"FOLDER/program";
const volatile char target_function_handle[256] BPFW_LABEL("Function") BPFW_ROLE("function") =
	"handle";
const volatile char target_function_main[256] BPFW_LABEL("Function") BPFW_ROLE("function") =
	"main";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_count);
} stacks SEC(".maps") BPFW_LABEL("program:handle, program:main calls");

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

static __always_inline void handle_called(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&key, 0, sizeof(key));
	key.probe = handle;
	key.pid = id >> 32;
	if (bpfw_get_user_stack(ctx, key.stack, sizeof(key.stack)) < 0)
		__sync_fetch_and_add(&stacks_cut, 1);
	count_call(&key);
}

SEC("uprobe")
BPFW_TARGET("target_function_handle")
BPFW_IFUNC
int BPF_KPROBE(handle_uprobe)
{
	handle_called(ctx);
	return 0;
}

static __always_inline void main_called(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;

	if (target_pid && id >> 32 != target_pid)
		return;

	__builtin_memset(&key, 0, sizeof(key));
	key.probe = main;
	key.pid = id >> 32;
	if (bpfw_get_user_stack(ctx, key.stack, sizeof(key.stack)) < 0)
		__sync_fetch_and_add(&stacks_cut, 1);
	count_call(&key);
}

SEC("uprobe")
BPFW_TARGET("target_function_main")
BPFW_IFUNC
int BPF_KPROBE(main_uprobe)
{
	main_called(ctx);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
