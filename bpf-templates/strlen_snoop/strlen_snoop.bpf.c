// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * strlen_snoop - every string a process asks strlen() about.
 *
 * After bcc's examples/tracing/strlen_snoop.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	/* Of the text below, without its NUL; a longer string is cut. */
	__u32 len BPFW_LABEL("length") BPFW_UNIT("bytes");
	/* Why there is no text: a page that is not in memory (EFAULT), which a BPF program cannot wait for. */
	bpfw_errno error;
	char comm[16];
	char text[80];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";
const volatile char target_library[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") = "libc.so.6";
const volatile char target_function[64] BPFW_LABEL("Function") BPFW_ROLE("function") = "strlen";

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

SEC("uprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC
int BPF_KPROBE(strlen_called, const char *text)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event;
	long copied;

	if (!wanted())
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return 0;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	/* Returns the bytes copied, the NUL among them. */
	copied = bpf_probe_read_user_str(event->text, sizeof(event->text), text);
	if (copied < 1)
		event->text[0] = '\0';
	event->len = copied > 0 ? copied - 1 : 0;
	event->error = copied < 0 ? copied : 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
