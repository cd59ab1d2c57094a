// SPDX-License-Identifier: GPL-2.0
/* Types that appear only after preprocessing: in macros of a header, pasted, and from offsetof. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "macros.h"

__u64 seen[8];

SEC("tracepoint/sock/inet_sock_set_state")
int handle_state(TRACE_CONTEXT(inet_sock_set_state) *ctx)
{
	if (ctx->newstate == STATE(CLOSE_WAIT) || ctx->newstate == STATE(SYN_RECV))
		seen[0] += bpf_ntohs(ctx->dport);
	return 0;
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(handle_connect, void *sk)
{
	struct inet_connection_sock *icsk = OUTER(sk, struct inet_connection_sock, icsk_inet);

	seen[1] = BPF_CORE_READ(AS(sock, sk), __sk_common.skc_family);
	seen[2] = BPF_CORE_READ(icsk, icsk_retransmits);
	seen[3] = BPF_CORE_READ(AS(tcp_sock, sk), srtt_us);
	return 0;
}

SEC("kretprobe/vfs_open")
int BPF_KRETPROBE(handle_open, long ret)
{
	seen[4] = DEVICE_OF((void *)ret);
	return 0;
}

SEC("ksyscall/openat")
int BPF_KSYSCALL(handle_openat, int dfd, const char *path, int flags)
{
	seen[5] = flags;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
