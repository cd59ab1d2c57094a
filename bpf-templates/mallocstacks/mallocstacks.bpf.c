// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * mallocstacks - bytes and calls of malloc(), by the user stack that asked.
 *
 * After bcc's examples/tracing/mallocstacks.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"
#include "bpfw_stack.h"

#define MAX_STACKS 16384
#define MAX_DEPTH 40

/*
 * The stack itself is the key: a stack map would lose stacks whose hashes fall into one bucket (of 600
 * stacks, 151 in 1024 entries). 328 bytes fit the stack of 512.
 */
struct call_site {
	bpfw_pid pid;
	__u32 unused BPFW_HIDDEN;
	/* Innermost frame first; zero behind the outermost. */
	bpfw_usym stack[MAX_DEPTH];
};

struct allocated {
	bpfw_bytes bytes;
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") BPFW_ASK = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") BPFW_ASK = "";
const volatile char target_library[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") = "libc.so.6";
const volatile char target_function[64] BPFW_LABEL("Function") BPFW_ROLE("function") = "malloc";
const volatile bpfw_bytes min_size BPFW_LABEL("Smallest allocation counted") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STACKS);
	__type(key, struct call_site);
	__type(value, struct allocated);
} allocations SEC(".maps") BPFW_LABEL("Allocations by stack");

__u64 stacks_lost BPFW_LABEL("Calls with a new stack when the table was full");
__u64 stacks_cut BPFW_LABEL("Calls whose stack could not be walked");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

SEC("uprobe")
BPFW_TARGET("target_function")
int BPF_KPROBE(malloc_called, size_t size)
{
	struct allocated *allocated, none = {};
	struct call_site site = {};

	if (size < min_size || !wanted())
		return 0;
	site.pid = bpf_get_current_pid_tgid() >> 32;
	if (bpfw_get_user_stack(ctx, site.stack, sizeof(site.stack)) < 0)
		__sync_fetch_and_add(&stacks_cut, 1);

	allocated = bpf_map_lookup_elem(&allocations, &site);
	if (!allocated) {
		bpf_map_update_elem(&allocations, &site, &none, BPF_NOEXIST);
		allocated = bpf_map_lookup_elem(&allocations, &site);
	}
	if (!allocated) {
		__sync_fetch_and_add(&stacks_lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&allocated->bytes, size);
	__sync_fetch_and_add(&allocated->calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
