// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * strlen_hist - what strlen() returns, as a log2 histogram.
 *
 * After bcc's examples/tracing/strlen_hist.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";
const volatile char target_library[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") = "libc.so.6";
const volatile char target_function[64] BPFW_LABEL("Function") BPFW_ROLE("function") = "strlen";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFW_SLOTS);
	__type(key, __u32);
	__type(value, bpfw_slot);
} lengths SEC(".maps") BPFW_LABEL("String length") BPFW_LOG2("bytes");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

/*
 * strlen is one name for several functions (glibc's IFUNC): the loader finds the one this machine's
 * processes are given, and attaches there.
 */
SEC("uretprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC
int BPF_KRETPROBE(strlen_returns, __u64 length)
{
	__u32 slot = bpfw_log2_slot(length);
	bpfw_slot *count;

	if (!wanted())
		return 0;
	count = bpf_map_lookup_elem(&lengths, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
