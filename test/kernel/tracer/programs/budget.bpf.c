// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Programs of kinds that need more than CAP_BPF and CAP_PERFMON to be loaded, and of kinds that look as if they did. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} values SEC(".maps");

#define PROGRAM(section, name, result)	\
	SEC("?" section)		\
	int name(void *ctx)		\
	{				\
		return result;		\
	}

PROGRAM("raw_tp/sys_enter", on_raw_tp, 0)
PROGRAM("socket", on_socket, 0)
PROGRAM("xdp", on_xdp, 2)
PROGRAM("tc", on_tc, 0)
PROGRAM("action", on_action, 0)
PROGRAM("lwt_in", on_lwt_in, 0)
PROGRAM("lwt_out", on_lwt_out, 0)
PROGRAM("lwt_xmit", on_lwt_xmit, 0)
PROGRAM("lwt_seg6local", on_lwt_seg6local, 0)
PROGRAM("sockops", on_sockops, 0)
PROGRAM("sk_skb/stream_parser", on_stream_parser, 0)
PROGRAM("sk_skb", on_sk_skb, 0)
PROGRAM("sk_msg", on_sk_msg, 1)
PROGRAM("sk_lookup", on_sk_lookup, 1)
PROGRAM("sk_reuseport", on_sk_reuseport, 1)
PROGRAM("flow_dissector", on_flow_dissector, 0)
PROGRAM("cgroup_skb/ingress", on_cgroup_skb, 1)
PROGRAM("cgroup/skb", on_cgroup_skb_old, 1)
PROGRAM("cgroup/dev", on_cgroup_dev, 1)
PROGRAM("cgroup/sock_create", on_cgroup_sock, 1)
PROGRAM("cgroup/connect4", on_cgroup_connect, 1)
PROGRAM("cgroup/getsockopt", on_cgroup_getsockopt, 1)
PROGRAM("cgroup/sysctl", on_cgroup_sysctl, 1)
PROGRAM("raw_tp.w/sys_enter", on_writable, 0)
PROGRAM("lsm/file_open", on_lsm, 0)
PROGRAM("fmod_ret/security_file_open", on_fmod_ret, 0)
PROGRAM("fentry/vfs_read", on_fentry, 0)
PROGRAM("fexit/vfs_read", on_fexit, 0)
PROGRAM("iter/task", on_iter, 0)
PROGRAM("kprobe/vfs_read", on_kprobe, 0)
PROGRAM("kprobe.multi/vfs_rea?", on_multi, 0)
PROGRAM("tracepoint/sched/sched_switch", on_tracepoint, 0)
PROGRAM("perf_event", on_perf, 0)
PROGRAM("fentry/ovl_open", on_module, 0)

/* Keeps a kernel address: the verifier allows that with CAP_PERFMON only, whatever the type. */
static __always_inline int keep(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&values, &key);

	if (value)
		*value = (__u64)ctx;
	return 0;
}

SEC("?socket")
int keeps_address(void *ctx)
{
	return keep(ctx);
}

SEC("?xdp")
int network_keeps_address(void *ctx)
{
	return keep(ctx);
}

SEC("?raw_tp/sys_enter")
int writes_user(void *ctx)
{
	__u64 *value = ctx;
	__u32 word = 0;

	bpf_probe_write_user((void *)value[1], &word, sizeof(word));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
