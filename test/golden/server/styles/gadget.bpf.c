// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) WITH Linux-syscall-note
/* In the manner of gadgets: conventions in macros and names, programs that are switched off, filters in a header. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include "not-on-this-machine.h"

GADGET_PARAM(min_latency);
GADGET_TRACER_MAP(events, 1024 * 256);
GADGET_TRACER(open, events, event);
GADGET_SNAPSHOTTER(sockets, socket_entry, on_socket);

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_errno error_raw;
	char fname[255];
};

const volatile u64 min_latency = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u32);
	__type(value, const char *);
} start SEC(".maps");

static __always_inline int trace_exit(struct trace_event_raw_sys_exit *ctx)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct event *event;
	u32 pid = (u32)pid_tgid;
	const char **ap;

	ap = bpf_map_lookup_elem(&start, &pid);
	if (!ap)
		return 0; /* missed entry */
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		goto cleanup;
	gadget_process_populate(&event->proc);
	bpf_probe_read_user_str(&event->fname, sizeof(event->fname), *ap);
	event->error_raw = -ctx->ret;
	gadget_submit_buf(ctx, &events, event, sizeof(*event));
cleanup:
	bpf_map_delete_elem(&start, &pid);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int ig_openat_x(struct trace_event_raw_sys_exit *ctx)
{
	return trace_exit(ctx);
}

SEC("kprobe/gadget_program_disabled")
int BPF_KPROBE(switched_off) { return 0; }

SEC("iter/tcp")
int on_socket(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk_common = ctx->sk_common;
	struct tcp_sock *tp;

	if (sk_common == (void *)0)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk_common);
	if (!tp)
		return 0;
	return tp->inet_conn.icsk_inet.sk.sk_err;
}

char LICENSE[] SEC("license") = "GPL";
