/** What this machine lacks before anything can be compiled. `code` is stable. */
export type CompileEnvironmentCode =
  | 'clang-missing'
  | 'clang-too-old'
  | 'libbpf-headers-missing'
  | 'btf-missing';

/** The command that fixes most of it, on Debian and Ubuntu. */
export const INSTALL_COMMAND = 'sudo apt-get install clang libbpf-dev';

/** Thrown when compiling cannot start. `message` says what is missing, `fix` is a command or a step that supplies it. */
export class CompileEnvironmentError extends Error {
  constructor(
    readonly code: CompileEnvironmentCode,
    message: string,
    readonly fix: string,
  ) {
    super(message);
    this.name = 'CompileEnvironmentError';
  }
}
