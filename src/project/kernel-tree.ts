/** Programs inside a tree of the Linux kernel. */
import path from 'node:path';
import { isFile } from './files';
import type { Program, Reading } from './model';

/**
 * The flags of tools/testing/selftests/bpf/Makefile (BPF_CFLAGS) for programs below tools/; those of samples/bpf/Makefile
 * for the others: of its rule for %.bpf.o, and of the one for other programs, which include the kernel's own headers.
 */
export async function fromKernelTree(program: Program): Promise<Reading> {
  for (const root of program.folders) {
    const file = path.join(root, 'include/linux/kconfig.h');
    if (!(await isFile(file))) continue;
    const isSelftest = path.relative(root, program.source).startsWith('tools/');
    // Without a configuration the kernel's headers cannot be compiled; the system's then are the nearest.
    const isConfigured = await isFile(path.join(root, 'include/generated/autoconf.h'));
    const own = isSelftest
      ? SELFTEST
      : program.source.endsWith('.bpf.c') || !isConfigured
        ? SAMPLE
        : kernelWords(program.kernelArch);
    return { words: [...own, '-I', 'tools/lib', ...WARNINGS], folder: root, file };
  }
  return null;
}

const SELFTEST = [
  ...['-Itools/testing/selftests/bpf', '-Itools/include/uapi', '-std=gnu11', '-fno-strict-aliasing'],
];
const SAMPLE = ['-Isamples/bpf', '-Itools/testing/selftests/bpf'];
const WARNINGS = [
  ...['-Wno-compare-distinct-pointer-types', '-Wno-gnu-variable-sized-type-not-at-end', '-Wno-unused-value'],
  ...[
    '-Wno-address-of-packed-member',
    '-Wno-tautological-compare',
    '-Wno-unknown-warning-option',
    '-Wno-pointer-sign',
  ],
];

/** $(LINUXINCLUDE) of the kernel's Makefile, and what samples/bpf/Makefile adds. */
function kernelWords(arch: string): string[] {
  const folders = [`arch/${arch}/include`, `arch/${arch}/include/generated`, 'include'];
  const uapi = [
    `arch/${arch}/include/uapi`,
    `arch/${arch}/include/generated/uapi`,
    'include/uapi',
    'include/generated/uapi',
  ];
  return [
    ...[...folders, ...uapi].map(folder => `-I${folder}`),
    ...['-include', 'include/linux/kconfig.h', '-include', 'samples/bpf/asm_goto_workaround.h'],
    ...['-D__KERNEL__', '-D__BPF_TRACING__', '-fno-asynchronous-unwind-tables', ...SAMPLE],
  ];
}
