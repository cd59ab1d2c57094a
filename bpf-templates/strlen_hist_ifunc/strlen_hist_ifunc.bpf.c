// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * strlen_hist_ifunc - the same histogram, and the choice behind it: which strlen() a process gets.
 *
 * After bcc's examples/tracing/strlen_hist_ifunc.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_THREADS 1024 /* threads inside a resolver at one time */

/* One run of the resolver: it returns the address of the implementation to use from then on. */
struct resolution {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	bpfw_usym resolver;
	bpfw_usym implementation;
	/* The same in every process, unlike the addresses: both lie in one file. */
	bpfw_hex distance BPFW_LABEL("implementation - resolver");
	char comm[16];
};

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

/* Where the resolver that a thread is in began. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, bpfw_tid);
	__type(value, __u64);
} resolving SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(resolutions, struct resolution, RING_BYTES);
BPFW_DROPS(resolutions);

__u64 resolutions_missed BPFW_LABEL("Resolver runs not followed");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

SEC("uretprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC
int BPF_KRETPROBE(function_returns, __u64 length)
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

/*
 * The dynamic linker calls the resolver when a process binds the name. Entry and return are joined
 * by thread: both addresses are of one process, which address space randomisation makes necessary.
 */
SEC("uprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC_RESOLVER
int BPF_KPROBE(resolver_called)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	__u64 address = PT_REGS_IP(ctx);

	if (!wanted())
		return 0;
	if (bpf_map_update_elem(&resolving, &tid, &address, BPF_ANY))
		__sync_fetch_and_add(&resolutions_missed, 1);
	return 0;
}

SEC("uretprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC_RESOLVER
int BPF_KRETPROBE(resolver_returns, __u64 implementation)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct resolution *resolution;
	bpfw_tid tid = id;
	__u64 *resolver;

	resolver = bpf_map_lookup_elem(&resolving, &tid);
	if (!resolver)
		return 0;
	resolution = bpf_ringbuf_reserve(&resolutions, sizeof(*resolution), 0);
	if (!resolution) {
		__sync_fetch_and_add(&resolutions_dropped, 1);
		goto out;
	}
	resolution->ts = bpf_ktime_get_ns();
	resolution->pid = id >> 32;
	resolution->tid = tid;
	resolution->resolver = *resolver;
	resolution->implementation = implementation;
	resolution->distance = implementation - *resolver;
	bpf_get_current_comm(resolution->comm, sizeof(resolution->comm));
	bpf_ringbuf_submit(resolution, 0);
out:
	bpf_map_delete_elem(&resolving, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
