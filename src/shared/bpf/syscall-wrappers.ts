/** Functions that the kernel generates for each system call since 4.17 (arch/*\/include/asm/syscall_wrapper.h). */
const WRAPPER = /^__(?:x64|ia32|arm64|s390x?|riscv|loongarch)_(?:compat_)?sys_(\w+)$/;

/** The system call of a wrapper, whose only argument is `const struct pt_regs *regs`: "close"; null for other functions. */
export function wrappedSyscall(functionName: string): string | null {
  return WRAPPER.exec(functionName)?.[1] ?? null;
}
