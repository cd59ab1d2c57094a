import type { ErrorTable } from '../shared/errors/error-table';
import { WorkbenchError } from '../shared/errors/workbench-error';

/** What is missing on this machine before anything can be compiled. The codes are stable. */
export const COMPILE_ERRORS = {
  'clang-missing': {
    means: 'clang is not installed',
    fix: '`sudo apt-get install clang libbpf-dev`, or set `bpf.clangPath`.',
  },
  'clang-too-old': {
    means: 'clang is too old for BPF with BTF',
    fix: 'Install a newer one, or set `bpf.clangPath`.',
  },
  'libbpf-headers-missing': {
    means: 'libbpf’s headers (bpf/bpf_helpers.h) are not installed',
    fix: '`sudo apt-get install libbpf-dev`',
  },
  'btf-missing': {
    means: 'The target kernel has no type information to make vmlinux.h from',
    fix: 'Use a kernel with CONFIG_DEBUG_INFO_BTF, the sandbox VM, or a `vmlinux.h` of your own.',
  },
} as const satisfies ErrorTable;
export type CompileEnvironmentCode = keyof typeof COMPILE_ERRORS;

/** The command that installs the missing packages on Debian and Ubuntu. */
export const INSTALL_COMMAND = 'sudo apt-get install clang libbpf-dev';

/** Thrown if compiling cannot start. `message` names what is missing, `fix` is a command or a step that provides it. */
export class CompileEnvironmentError extends WorkbenchError<CompileEnvironmentCode> {
  override readonly name = 'CompileEnvironmentError';
}
