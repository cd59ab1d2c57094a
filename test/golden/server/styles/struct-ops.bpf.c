// SPDX-License-Identifier: GPL-2.0
/* Tables of kernel operations: congestion control, and a scheduler in the manner of sched_ext. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "GPL";

#define BPF_STRUCT_OPS(name, args...)           \
	SEC("struct_ops/" #name)                \
	BPF_PROG(name, ##args)
#define BPF_STRUCT_OPS_SLEEPABLE(name, args...) \
	SEC("struct_ops.s/" #name)              \
	BPF_PROG(name, ##args)
#define SCX_OPS_DEFINE(__name, ...)             \
	SEC(".struct_ops.link")                 \
	struct my_sched_ops __name = {          \
		__VA_ARGS__,                    \
	};
#define min(a, b) ((a) < (b) ? (a) : (b))

#define USER_HZ 100
#define FAIRNESS 1ULL << 4

struct my_sched_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	s32 (*init)(void);
	u32 timeout_ms;
	char name[128];
};

struct user_exit_info {
	int kind;
	char reason[128];
	char msg[1024];
} uei SEC(".data");

static u64 vtime_now;
const volatile bool fifo_sched;

static inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

SEC("struct_ops/reno_init")
void BPF_PROG(reno_init, struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tp->snd_cwnd_cnt = 0;
	bpf_setsockopt(sk, 6, 13, "reno", sizeof("reno"));
}

SEC("struct_ops")
u32 BPF_PROG(reno_ssthresh, struct sock *sk)
{
	return min(tcp_sk(sk)->snd_cwnd >> 1U, 2U);
}

SEC("struct_ops/reno_undo")
__u32 BPF_PROG(reno_undo, struct sock *sk)
{
	return tcp_sk(sk)->snd_cwnd;
}

SEC(".struct_ops")
struct tcp_congestion_ops reno = {
	.init		= (void *)reno_init,
	.ssthresh	= (void *)reno_ssthresh,
	.undo_cwnd	= (void *)reno_undo,
	.name		= "bpf_reno",
};

SEC("?.struct_ops.link")
struct tcp_congestion_ops reno_link = { .name = "bpf_reno2" };

s32 BPF_STRUCT_OPS(simple_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	return prev_cpu;
}

void BPF_STRUCT_OPS(simple_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 vtime = p->se.vruntime;

	if (fifo_sched) {
		return;
	} else {
		if ((s64)(vtime - vtime_now) < 0)
			vtime = vtime_now - (FAIRNESS);
		__sync_val_compare_and_swap(&vtime_now, vtime_now, vtime);
	}
}

s32 BPF_STRUCT_OPS_SLEEPABLE(simple_init)
{
	return 0;
}

SCX_OPS_DEFINE(simple_ops,
	       .select_cpu	= (void *)simple_select_cpu,
	       .enqueue		= (void *)simple_enqueue,
	       .init		= (void *)simple_init,
	       .timeout_ms	= 5000U,
	       .name		= "simple");
