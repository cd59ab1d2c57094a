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

const START_AGAIN: Fix = { text: 'Start the session again; a new sandbox VM boots.' };

export const vmDied = (consoleTail: readonly string[]): VmError =>
  new VmError('guest-died', 'The sandbox VM ended unexpectedly.', START_AGAIN, consoleTail);

export const vmDiedWhileBooting = (how: string, consoleTail: readonly string[]): VmError =>
  new VmError('guest-died', `The sandbox VM ended while booting (QEMU: ${how}).`, null, consoleTail);

export const bootTimedOut = (deadlineMs: number, consoleTail: readonly string[]): VmError =>
  new VmError(
    'boot-timeout',
    `The sandbox VM was not ready after ${deadlineMs / 1000} s.`,
    { text: 'Try again, or raise the boot deadline on a slow machine.' },
    consoleTail,
  );

/** `how`: what the agent sent, escaped. */
export const agentViolation = (how: string): VmError =>
  new VmError(
    'guest-protocol',
    `The sandbox VM was stopped: its agent violated the protocol (${how}).`,
    START_AGAIN,
  );

/** The command that installs Debian packages, as the current user would type it. */
export function installCommand(...packages: readonly string[]): Fix {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  return { command: process.getuid?.() === 0 ? command : `sudo ${command}` };
}
