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

export class VmError extends Error {
  constructor(
    readonly code: VmErrorCode,
    message: string,
    /** What to do; a command line where possible. */
    readonly fix: string | null = null,
    /** Last lines of the guest's console, oldest first. */
    readonly consoleTail: readonly string[] = [],
    options?: { cause?: unknown },
  ) {
    super(
      consoleTail.length > 0 ? `${message}\nThe guest's last output:\n${consoleTail.join('\n')}` : message,
      options,
    );
    this.name = 'VmError';
  }
}

/** The command that installs Debian packages, as the current user would type it. */
export function installCommand(...packages: readonly string[]): string {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  return process.getuid?.() === 0 ? command : `sudo ${command}`;
}
