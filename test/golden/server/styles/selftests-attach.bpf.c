// SPDX-License-Identifier: GPL-2.0
/* Every kind of section there is, with targets of every kind. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "GPL";
__u32 _version SEC("version") = 1;

__u64 test1_result = 0;

SEC("kprobe.multi")
int multi_by_option(struct pt_regs *ctx) { return 0; }

SEC("kprobe.multi/bpf_fentry_test*")
int multi_by_pattern(struct pt_regs *ctx)
{
	test1_result += bpf_get_func_ip(ctx) + bpf_get_attach_cookie(ctx);
	return 0;
}

SEC("kretprobe.multi/bpf_fentry_test?")
int BPF_KRETPROBE(multi_return) { return 0; }

SEC("kprobe.session/vfs_*")
int session(struct pt_regs *ctx) { return 0; }

SEC("uprobe.multi//proc/self/exe:uprobe_multi_func_*")
int uprobe_multi(struct pt_regs *ctx) { return 0; }

SEC("uretprobe.multi.s//proc/self/exe:uprobe_multi_func_*")
int uretprobe_sleep(struct pt_regs *ctx)
{
	char data[8];

	return bpf_copy_from_user(data, sizeof(data), (void *)PT_REGS_RC(ctx));
}

SEC("uprobe.session//proc/self/exe:*")
int uprobe_session(struct pt_regs *ctx) { return 0; }

SEC("uprobe.s//usr/lib/libc.so.6:malloc+0x10")
int uprobe_offset(struct pt_regs *ctx) { return 0; }

SEC("usdt")
int usdt_by_option(struct pt_regs *ctx) { return 0; }

SEC("kprobe/vfs_read+0x4")
int at_offset(struct pt_regs *ctx) { return 0; }

SEC("kretsyscall/openat")
int BPF_KRETPROBE(openat_return, long ret) { return ret < 0; }

SEC("?ksyscall/no_such_call")
int BPF_KSYSCALL(optional_call) { return 0; }

SEC("raw_tp.w/bpf_test_finish")
int writable(void *ctx) { return 0; }

SEC("raw_tracepoint/task_newtask")
int raw(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[0] == 0; }

SEC("fmod_ret/security_file_open")
int BPF_PROG(modify, struct file *file, int ret) { return ret; }

SEC("fexit.s/vfs_open")
int BPF_PROG(fexit_sleepable, const struct path *path, struct file *file, int ret) { return 0; }

SEC("lsm/file_open")
int BPF_PROG(open_hook, struct file *file) { return 0; }

SEC("lsm_cgroup/socket_bind")
int BPF_PROG(bind_hook, struct socket *sock, struct sockaddr *address, int addrlen) { return 1; }

SEC("iter.s/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	static const char info[] = "    === END ===";
	char buf[8];

	if (task == (void *)0) {
		BPF_SEQ_PRINTF(seq, "%s\n", info);
		return 0;
	}
	bpf_copy_from_user_task(buf, sizeof(buf), (void *)task->mm->arg_start, task, 0);
	BPF_SEQ_PRINTF(seq, "%8d %8d\n", task->tgid, task->pid);
	return 0;
}

SEC("iter/bpf_map_elem")
int dump_elem(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *val = ctx->value;

	if (key == (void *)0 || val == (void *)0)
		return 0;
	bpf_seq_write(ctx->meta->seq, key, sizeof(__u32));
	return *val == 0;
}

SEC("freplace/test_pkt_access_subprog1")
int new_subprog(struct __sk_buff *skb) { return skb->len * 2; }

SEC("freplace")
int replaced_by_option(struct xdp_md *ctx) { return 0; }

SEC("syscall")
int run_by_user_space(void *args)
{
	static __u64 buffer[4];

	return bpf_sys_bpf(BPF_MAP_CREATE, buffer, sizeof(buffer));
}

SEC("netfilter")
int nf(struct bpf_nf_ctx *ctx) { return 1; }

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx) { return 1; }

SEC("sk_reuseport/migrate")
int migrate(struct sk_reuseport_md *md) { return 1; }

SEC("sk_msg")
int msg(struct sk_msg_md *md) { bpf_msg_apply_bytes(md, 1); return 1; }

SEC("sk_skb/stream_parser")
int parser(struct __sk_buff *skb) { return skb->len; }

SEC("sk_skb/stream_verdict")
int verdict(struct __sk_buff *skb) { return 1; }

SEC("sockops")
int sockops(struct bpf_sock_ops *ops)
{
	if (ops->op == 4)
		bpf_sock_ops_cb_flags_set(ops, 1);
	return 1;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	ctx->user_port = 0;
	return 1;
}

SEC("cgroup/getsockopt")
int getsockopt(struct bpf_sockopt *ctx) { return 1; }

SEC("cgroup/sysctl")
int sysctl(struct bpf_sysctl *ctx) { return ctx->write == 0; }

SEC("cgroup/dev")
int dev(struct bpf_cgroup_dev_ctx *ctx) { return ctx->major == 1; }

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb) { return bpf_skb_cgroup_id(skb) != 0; }

SEC("tc/ingress")
int tc_ingress(struct __sk_buff *skb) { return 0; }

SEC("tcx/egress")
int tcx_egress(struct __sk_buff *skb) { return bpf_redirect(skb->ifindex, 0); }

SEC("netkit/primary")
int netkit(struct __sk_buff *skb) { return 0; }

SEC("xdp.frags")
int frags(struct xdp_md *ctx) { return bpf_xdp_get_buff_len(ctx) > 0 ? XDP_PASS : XDP_DROP; }

SEC("xdp/devmap")
int on_devmap(struct xdp_md *ctx) { return XDP_PASS; }

SEC("lwt_xmit")
int lwt(struct __sk_buff *skb) { return 0; }

SEC("lwt_seg6local")
int seg6(struct __sk_buff *skb) { return 0; }

SEC("lirc_mode2")
int infrared(unsigned int *sample) { return 0; }

SEC("action")
int action(struct __sk_buff *skb) { return 0; }

SEC("classifier")
int classifier(struct __sk_buff *skb) { return 0; }

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct bpf_perf_event_value value = {};

	return bpf_perf_prog_read_value(ctx, &value, sizeof(value)) == 0 && PT_REGS_IP(&ctx->regs);
}
