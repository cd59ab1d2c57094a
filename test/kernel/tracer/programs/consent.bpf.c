// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Programs that may change the system, each in a way of its own, beside one that only observes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_key {
	int unused;
};

struct pt_regs {
	long unused;
};

extern void crash_kexec(struct pt_regs *regs) __ksym;
extern struct bpf_key *bpf_lookup_user_key(__u32 serial, __u64 flags) __ksym;
extern struct bpf_key *bpf_lookup_system_key(__u64 id) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;

__u64 calls;

/* Nothing has this process id: no signal is sent. */
const volatile __u32 target = 0xffffffff;

static __attribute__((noinline)) int kill_it(void)
{
	return bpf_send_signal(9);
}

SEC("?raw_tp/sys_enter")
int kills(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == target)
		return kill_it();
	return 0;
}

SEC("?xdp")
int drops(void *ctx)
{
	return 1;
}

SEC("?sk_lookup")
int picks(void *ctx)
{
	return 1;
}

SEC("?freplace/handler")
int replaces(void *ctx)
{
	return 0;
}

SEC("?syscall")
int calls_bpf(void *ctx)
{
	return 0;
}

SEC("?raw_tp.w/sys_enter")
int writes(void *ctx)
{
	calls++;
	return 0;
}

SEC("?fmod_ret/__x64_sys_getpgid")
int returns(void *ctx)
{
	return 0;
}

/* The kernel function is a reason of its own, beside the program's type. */
SEC("?lsm.s/bprm_committed_creds")
int makes_keyring(void *ctx)
{
	struct bpf_key *key = bpf_lookup_user_key(0xfffffffe, 1);

	if (key)
		bpf_key_put(key);
	return 0;
}

/* Is refused; and if it were not, the count never comes to that. */
SEC("?fentry/__x64_sys_getpgid")
int crashes(__u64 *ctx)
{
	if (calls == ~0ULL)
		crash_kexec((struct pt_regs *)ctx[0]);
	return 0;
}

SEC("?fentry/__x64_sys_getpgid")
int reads_keyring(void *ctx)
{
	struct bpf_key *key = bpf_lookup_system_key(0);

	if (key)
		bpf_key_put(key);
	return 0;
}

SEC("?raw_tp/sys_enter")
int observes(void *ctx)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
