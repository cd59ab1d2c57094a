import type { ErrorTable } from '../../shared/errors/error-table';
import { type Fix, WorkbenchError } from '../../shared/errors/workbench-error';

/** Why the sandbox VM cannot run or has ended. */
export const VM_ERRORS = {
  'qemu-missing': {
    means: 'QEMU is not installed, or did not start',
    fix: 'BPF: Install Sandbox VM, or `sudo apt-get install qemu-system-x86` (`qemu-system-arm`).',
  },
  'tool-missing': {
    means: 'A tool that unpacks the kernel is not installed',
    fix: 'The message names the package.',
  },
  'kernel-missing': {
    means: 'There is no kernel for the sandbox VM',
    fix: 'BPF: Install Sandbox VM unpacks the distribution’s, without installing it.',
  },
  'module-missing': {
    means: 'The sandbox VM’s kernel lacks a module that booting needs',
    fix: 'BPF: Install Sandbox VM.',
  },
  'node-missing': {
    means: 'The sandbox VM needs a Node.js on this machine',
    fix: '`sudo apt-get install nodejs`, or set `bpf.nodePath`.',
  },
  'agent-missing': {
    means: 'A part of the extension is missing',
    fix: 'Install the extension again.',
  },
  'unsupported-machine': {
    means: 'The sandbox VM runs on x86-64 and arm64 only',
    fix: 'Use another machine.',
  },
  'hidden-folder': {
    means: 'A folder that the VM needs is to be hidden from it, or hiding one failed',
    fix: 'Change `bpf.vm.hiddenFolders`; the message names the folder.',
  },
  'boot-timeout': {
    means: 'The sandbox VM did not boot in time',
    fix: 'Try again with less load; the message has the end of its console.',
  },
  'guest-died': {
    means: 'The sandbox VM ended unexpectedly',
    fix: 'Start the session again: a new one boots.',
  },
  'guest-protocol': {
    means: 'The agent in the VM is of another version, or sent what it never sends',
    fix: 'Start the session again; if it stays so, report it.',
  },
  'spawn-failed': {
    means: 'A program could not be started in the VM',
    fix: 'Check its path: the VM sees this machine’s files.',
  },
  disposed: {
    means: 'The sandbox VM was stopped',
    fix: 'Start the session again.',
  },
} as const satisfies ErrorTable;
export type VmErrorCode = keyof typeof VM_ERRORS;

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
