/** Programs inside a tree of the Linux kernel. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Program, Reading } from './model';

/**
 * The include folders of tools/testing/selftests/bpf/Makefile (BPF_CFLAGS) for programs below tools/, those of
 * samples/bpf/Makefile ($(LINUXINCLUDE) and the flags of its %.o rule) for the others.
 */
export async function fromKernelTree(program: Program): Promise<Reading> {
  for (const root of program.folders) {
    const file = path.join(root, 'include/linux/kconfig.h');
    if (!(await stat(file).catch(() => null))?.isFile()) continue;
    const below = path.relative(root, program.source);
    const words = below.startsWith('tools/') ? selftestWords() : sampleWords(program.kernelArch);
    return { words, folder: root, file };
  }
  return null;
}

function selftestWords(): string[] {
  return [
    ...['tools/testing/selftests/bpf', 'tools/lib', 'tools/include/uapi'].map(folder => `-I${folder}`),
    ...['-std=gnu11', '-fno-strict-aliasing', '-Wno-compare-distinct-pointer-types'],
  ];
}

function sampleWords(arch: string): string[] {
  const folders = [
    ...[`arch/${arch}/include`, `arch/${arch}/include/generated`, 'include'],
    ...[
      `arch/${arch}/include/uapi`,
      `arch/${arch}/include/generated/uapi`,
      'include/uapi',
      'include/generated/uapi',
    ],
    ...['samples/bpf', 'tools/testing/selftests/bpf', 'tools/lib'],
  ];
  return [
    ...folders.map(folder => `-I${folder}`),
    ...['-include', 'include/linux/kconfig.h', '-include', 'samples/bpf/asm_goto_workaround.h'],
    ...['-D__KERNEL__', '-D__BPF_TRACING__', '-Wno-unused-value', '-Wno-pointer-sign'],
    ...[
      '-Wno-compare-distinct-pointer-types',
      '-Wno-gnu-variable-sized-type-not-at-end',
      '-Wno-tautological-compare',
    ],
    ...['-Wno-unknown-warning-option', '-Wno-address-of-packed-member', '-fno-asynchronous-unwind-tables'],
  ];
}
