import { type Fix, WorkbenchError } from '../../shared/errors/workbench-error';

/** Why the sandbox VM cannot run or has ended. */
export type VmErrorCode =
  | 'qemu-missing'
  | 'tool-missing'
  | 'kernel-missing'
  | 'module-missing'
  | 'node-missing'
  | 'agent-missing'
  | 'unsupported-machine'
  | 'hidden-folder'
  | 'boot-timeout'
  | 'guest-died'
  | 'guest-protocol'
  | 'spawn-failed'
  | 'disposed';

export class VmError extends WorkbenchError<VmErrorCode> {
  override readonly name = 'VmError';

  constructor(
    code: VmErrorCode,
    message: string,
    fix: Fix | null = null,
    /** Last lines of the guest's console, oldest first. */
    readonly consoleTail: readonly string[] = [],
    options?: { readonly cause?: unknown },
  ) {
    const tail = consoleTail.length > 0 ? `\nThe guest's last output:\n${consoleTail.join('\n')}` : '';
    super(code, message + tail, fix, options);
  }
}

/** The command that installs Debian packages, as the current user would type it. */
export function installCommand(...packages: readonly string[]): Fix {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  return { command: process.getuid?.() === 0 ? command : `sudo ${command}` };
}
