import { WorkbenchError } from '../shared/errors/workbench-error';

/** What is missing on this machine before anything can be compiled. The codes are stable. */
export type CompileEnvironmentCode =
  | 'clang-missing'
  | 'clang-too-old'
  | 'libbpf-headers-missing'
  | 'btf-missing';

/** The command that installs the missing packages on Debian and Ubuntu. */
export const INSTALL_COMMAND = 'sudo apt-get install clang libbpf-dev';

/** Thrown if compiling cannot start. `message` names what is missing, `fix` is a command or a step that provides it. */
export class CompileEnvironmentError extends WorkbenchError<CompileEnvironmentCode> {
  override readonly name = 'CompileEnvironmentError';
}
