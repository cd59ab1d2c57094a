/* SPDX-License-Identifier: GPL-2.0 */
/* Annotations of the kernel's self tests. */
#ifndef __BPF_MISC_H__
#define __BPF_MISC_H__

#define __msg(msg)		__attribute__((btf_decl_tag("comment:test_expect_msg=" msg)))
#define __failure		__attribute__((btf_decl_tag("comment:test_expect_failure")))
#define __success		__attribute__((btf_decl_tag("comment:test_expect_success")))
#define __description(desc)	__attribute__((btf_decl_tag("comment:test_description=" desc)))
#define __retval(val)		__attribute__((btf_decl_tag("comment:test_retval="#val)))
#define __log_level(lvl)	__attribute__((btf_decl_tag("comment:test_log_level="#lvl)))
#define __flag(flag)		__attribute__((btf_decl_tag("comment:test_prog_flags="#flag)))
#define __naked			__attribute__((naked))
#define __clobber_all		"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory"
#define __clobber_common	"r0", "r1", "r2", "r3", "r4", "r5", "memory"
#define __imm(name)		[name]"i"(name)
#define __imm_addr(name)	[name]"i"(&name)
#define __imm_const(name, expr)	[name]"i"(expr)
#define SYS_PREFIX		"__x64_"
#define ARRAY_SIZE(x)		(sizeof(x) / sizeof((x)[0]))
#define barrier_var(var)	asm volatile("" : "+r"(var))

#endif
