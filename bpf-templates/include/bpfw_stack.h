/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * bpfw_stack.h - the user stack at a function's first instruction, with its caller.
 */
#ifndef __BPFW_STACK_H
#define __BPFW_STACK_H

/* Include vmlinux.h, <bpf/bpf_helpers.h>, <bpf/bpf_tracing.h> and bpfw.h first. */

/* Where the function will return to. */
static __always_inline __u64 bpfw_caller(struct pt_regs *ctx)
{
#if defined(__TARGET_ARCH_x86)
	__u64 address = 0;

	bpf_probe_read_user(&address, sizeof(address), (void *)PT_REGS_SP(ctx));
	return address;
#else
	return PT_REGS_RET(ctx); /* the link register */
#endif
}

/*
 * Fills `stack`, innermost frame first, for a program in SEC("uprobe"); `bytes` is constant and that of at
 * least three frames. Returns a negative errno when the stack could not be walked: it then has two frames.
 */
static __always_inline long bpfw_get_user_stack(struct pt_regs *ctx, bpfw_usym *stack, __u32 bytes)
{
	__u64 caller = bpfw_caller(ctx);
	long walked;

	/*
	 * At its first instruction a function has not set up its frame yet: walking by frame pointers
	 * goes on from the caller's frame and so leaves the caller out. Put it in, unless the kernel
	 * did (6.12 does for functions that begin with push %rbp or endbr64).
	 */
	stack[0] = PT_REGS_IP(ctx);
	stack[1] = caller;
	walked = bpf_get_stack(ctx, &stack[2], bytes - 2 * sizeof(stack[0]),
			       BPF_F_USER_STACK | 1 /* frame skipped: the function itself */);
	if (walked >= 0 && stack[2] == caller)
		bpf_get_stack(ctx, &stack[1], bytes - sizeof(stack[0]), BPF_F_USER_STACK | 1);
	return walked;
}

#endif /* __BPFW_STACK_H */
