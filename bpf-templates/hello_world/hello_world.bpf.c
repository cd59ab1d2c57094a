// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * hello_world - prints a line whenever a process or thread is created.
 *
 * After bcc's examples/hello_world.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";

/* Runs in the task that creates: current is the parent. */
static __always_inline void say_hello(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return;
	if (!bpfw_comm_passes(target_comm))
		return;

	/* bpf_printk() ends the line itself. */
	bpf_printk("Hello, World!");
}

/* Every way to create a task ends here: fork, vfork, clone, clone3, and the kernel's own. */
SEC("?tp_btf/sched_process_fork")
BPFW_CHOICE("creation", 0)
int BPF_PROG(task_created)
{
	say_hello();
	return 0;
}

/* 5.10 renamed _do_fork (cad6967ac108 "fork: introduce kernel_clone()"). */
SEC("?kprobe/kernel_clone")
BPFW_CHOICE("creation", 1)
int BPF_KPROBE(kernel_clone_called)
{
	say_hello();
	return 0;
}

SEC("?kprobe/_do_fork")
BPFW_CHOICE("creation", 2)
int BPF_KPROBE(do_fork_called)
{
	say_hello();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
