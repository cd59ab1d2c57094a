// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * nodejs_http_server - every request a Node.js server gets.
 *
 * After bcc's examples/tracing/nodejs_http_server.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_ARGUMENTS 8
#define URL_BYTES 128
#define METHOD_BYTES 16

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	char comm[16];
	char method[METHOD_BYTES];
	char url[URL_BYTES];
	/* Every argument of the probe as a number; none without a probe. */
	__u32 args_count BPFW_LABEL("arguments");
	__u32 unused BPFW_HIDDEN;
	__s64 args[MAX_ARGUMENTS];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_path[256] BPFW_LABEL("Program") BPFW_ROLE("path") = "/usr/bin/node";
const volatile char target_probe[96] BPFW_LABEL("Probe") BPFW_ROLE("usdt") = "node:http__server__request";
const volatile __s32 text_argument BPFW_LABEL("Argument that is the URL or text") BPFW_RANGE(-1, 11)
	BPFW_HELP("counted from 0; -1: none") = 5;
const volatile __s32 method_argument BPFW_LABEL("Argument that is the method") BPFW_RANGE(-1, 11)
	BPFW_HELP("counted from 0; -1: none") = 4;
const volatile char target_function[64] BPFW_LABEL("Without probes: the parser's function")
	BPFW_ROLE("function") = "llhttp_execute";

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

static __always_inline struct event *reserve_event(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return NULL;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return NULL;
	}
	/* Ring memory holds old records: what is not written would be shown. */
	__builtin_memset(event, 0, sizeof(*event));
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

/* Node up to 18, built --with-dtrace: (request, connection, remote address, port, method, url, fd). */
SEC("?usdt")
BPFW_CHOICE("request", 0)
BPFW_TARGET("target_probe")
int BPF_USDT(http_server_request)
{
	struct event *event = reserve_event();
	long value;
	int i;

	if (!event)
		return 0;
	event->args_count = bpf_usdt_arg_cnt(ctx);
#pragma unroll
	for (i = 0; i < MAX_ARGUMENTS; i++) {
		if (!bpf_usdt_arg(ctx, i, &value))
			event->args[i] = value;
	}
	if (method_argument >= 0 && !bpf_usdt_arg(ctx, method_argument, &value))
		bpf_probe_read_user_str(event->method, sizeof(event->method), (void *)value);
	if (text_argument >= 0 && !bpf_usdt_arg(ctx, text_argument, &value))
		bpf_probe_read_user_str(event->url, sizeof(event->url), (void *)value);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * Node 19 dropped its probes. llhttp_execute(parser, data, length) is exported and gets every piece of
 * HTTP text: requests on the server's side, answers on the client's.
 */
SEC("?uprobe")
BPFW_CHOICE("request", 1)
BPFW_TARGET("target_function")
int BPF_KPROBE(llhttp_called, void *parser, const char *data, size_t length)
{
	char text[METHOD_BYTES] = {};
	int i, method_length = 0;
	struct event *event;
	__u32 size = length;
	bool behind = false;

	barrier_var(size); /* or clang tests another register than the one it passes on */
	if (size > sizeof(text) - 1)
		size = sizeof(text) - 1;
	if (bpf_probe_read_user(text, size, data))
		return 0;
	/* A request begins with a method in capitals and a space; an answer with HTTP/1.1. */
#pragma unroll
	for (i = 0; i < METHOD_BYTES - 1; i++) {
		if (text[i] == ' ' && !method_length)
			method_length = i;
		if (!method_length && (text[i] < 'A' || text[i] > 'Z'))
			return 0;
	}
	if (!method_length)
		return 0;

	event = reserve_event();
	if (!event)
		return 0;
#pragma unroll
	for (i = 0; i < METHOD_BYTES - 1; i++) {
		if (i < method_length)
			event->method[i] = text[i];
	}
	size = length - method_length - 1;
	barrier_var(size);
	if (size > sizeof(event->url) - 1)
		size = sizeof(event->url) - 1;
	bpf_probe_read_user(event->url, size, data + method_length + 1);
	/* Cut behind the URL. */
	for (i = 0; i < URL_BYTES; i++) {
		if (event->url[i] == ' ' || event->url[i] == '\r')
			behind = true;
		if (behind)
			event->url[i] = '\0';
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
