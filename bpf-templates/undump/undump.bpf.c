// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * undump - what processes read from UNIX stream sockets.
 *
 * After bcc's examples/tracing/undump.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_DATA 512
#define TEXT_BYTES 64
#define MSG_PEEK 2 /* include/linux/socket.h */

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	__u32 len BPFW_LABEL("bytes in the buffer") BPFW_UNIT("bytes");
	__u32 offset BPFW_LABEL("read from") BPFW_UNIT("bytes");
	__u32 chunk BPFW_LABEL("bytes read") BPFW_UNIT("bytes");
	__u32 captured BPFW_LABEL("bytes shown") BPFW_UNIT("bytes");
	bool peek BPFW_LABEL("only peeked");
	char comm[16];
	/* The beginning as text, up to its first NUL. */
	char text[TEXT_BYTES];
	__u8 data[MAX_DATA] BPFW_LENGTH(captured);
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") BPFW_ASK = 0;
const volatile __u32 max_bytes BPFW_LABEL("Most bytes shown of a read") BPFW_UNIT("bytes") BPFW_RANGE(0, 512) = 512;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

/* Bytes read that lie in page fragments, where a BPF program cannot follow. */
__u64 bytes_unseen BPFW_LABEL("Bytes not shown");

static __always_inline void data_read(struct sk_buff *skb, int skip, int chunk, struct unix_stream_read_state *state)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct unix_skb_parms *parms;
	__u32 offset, linear, size, wanted;
	unsigned char *data;
	struct event *event;

	if (target_pid && id >> 32 != target_pid)
		return;

	/* The control block belongs to the socket family: UNIXCB() of include/net/af_unix.h. */
	parms = (void *)__builtin_preserve_access_index(&skb->cb);
	offset = BPF_CORE_READ(parms, consumed) + skip;
	data = BPF_CORE_READ(skb, data);
	linear = BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len);
	linear = linear > offset ? linear - offset : 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->len = BPF_CORE_READ(skb, len);
	event->offset = offset;
	event->chunk = chunk;
	event->peek = BPF_CORE_READ(state, flags) & MSG_PEEK;
	bpf_get_current_comm(event->comm, sizeof(event->comm));

	/* Unsigned before it is clamped: of a signed length the verifier would not know the lower bound. */
	wanted = chunk;
	if (wanted > max_bytes)
		wanted = max_bytes;
	size = wanted < linear ? wanted : linear;
	barrier_var(size); /* or clang tests another register than the one it passes on */
	if (size > MAX_DATA)
		size = MAX_DATA;
	bpf_probe_read_kernel(event->data, size, data + offset);
	event->captured = size;
	if (size < wanted)
		__sync_fetch_and_add(&bytes_unseen, wanted - size);
	barrier_var(size);
	if (size > TEXT_BYTES - 1)
		size = TEXT_BYTES - 1;
	bpf_probe_read_kernel(event->text, size, data + offset);
	bpf_ringbuf_submit(event, 0);
}

SEC("?fentry/unix_stream_read_actor")
BPFW_CHOICE("read", 0)
BPFW_NEEDS("btf-args:unix_stream_read_actor:4")
int BPF_PROG(stream_read, struct sk_buff *skb, int skip, int chunk, struct unix_stream_read_state *state)
{
	data_read(skb, skip, chunk, state);
	return 0;
}

SEC("?kprobe/unix_stream_read_actor")
BPFW_CHOICE("read", 1)
int BPF_KPROBE(stream_read_probe, struct sk_buff *skb, int skip, int chunk, struct unix_stream_read_state *state)
{
	data_read(skb, skip, chunk, state);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
