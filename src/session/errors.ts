import type { ErrorTable } from '../shared/errors/error-table';
import { WorkbenchError } from '../shared/errors/workbench-error';

/** Why a session could not start or continue. */
export const SESSION_ERRORS = {
  'no-tracer-node': {
    means: 'The tracer needs a Node.js of version 18 or newer that only root can change, and there is none',
    fix: 'Install it: `sudo apt-get install nodejs`, or set `bpf.nodePath` to a Node.js from nodejs.org.',
  },
  'setpriv-missing': {
    means: 'setpriv, which takes away every right that the tracer does not need, is not installed',
    fix: '`sudo apt-get install util-linux`',
  },
  'elevation-cancelled': {
    means: 'You declined the rights that the program needs',
    fix: 'Start it again and agree, or switch to the sandbox VM, which needs none.',
  },
  'elevation-refused': {
    means: 'sudo or polkit does not allow you to run the tracer',
    fix: 'Ask for the right, or switch to the sandbox VM: BPF: Select Target.',
  },
  'wrong-password': {
    means: 'The password was refused',
    fix: 'Start it again.',
  },
  'no-new-privileges': {
    means: 'This process may not gain rights (no_new_privs: snap, flatpak, some containers)',
    fix: 'Use VS Code from its .deb package, or the sandbox VM.',
  },
  'no-elevation': {
    means: 'Neither sudo nor pkexec is installed, or not the one in `bpf.elevation`',
    fix: 'Install sudo, change `bpf.elevation`, or use the sandbox VM.',
  },
  'no-polkit-agent': {
    means: 'pkexec has nobody to ask for the password: no polkit agent runs in this session',
    fix: 'Use sudo (`bpf.elevation`), or the sandbox VM.',
  },
  'installed-tracer': {
    means: 'The installed tracer is not as it was installed, or of another version, and was not started',
    fix: 'BPF: Install Tracer, or `bpfw install-tracer`.',
  },
  'root-script-failed': {
    means: 'A step of installing that runs as root failed',
    fix: 'BPF: Show Log has the exact command and its output.',
  },
  'tracer-failed': {
    means: 'The tracer did not start',
    fix: 'BPF: Show Log has its output; BPF: Check Environment shows what is missing.',
  },
  'tracer-died': {
    means: 'The tracer ended; everything it had attached is detached',
    fix: 'Start the program again. BPF: Show Log has its last output.',
  },
  protocol: {
    means: 'The tracer is of another version, or what answered is not our tracer',
    fix: 'BPF: Install Tracer; if it stays so, report it.',
  },
  'btf-missing': {
    means: 'The kernel has no type information (CONFIG_DEBUG_INFO_BTF)',
    fix: 'Use a kernel that has it, or the sandbox VM.',
  },
  'libbpf-missing': {
    means: 'libbpf, which loads programs into the kernel, is not installed',
    fix: '`sudo apt-get install libbpf1`',
  },
  'bad-parameter': {
    means: 'A parameter has a value that its type or range does not allow',
    fix: 'The message says which are accepted.',
  },
  'unknown-parameter': {
    means: 'The program has no such parameter',
    fix: 'The message lists those it has; so does `bpfw inspect`.',
  },
  'attach-point-missing': {
    means: 'The target has no such function, tracepoint, probe or file',
    fix: 'The message names it and what is near. See [any-project.md](any-project.md) for what a loader would choose.',
  },
  'target-unavailable': {
    means: 'The target is not there: another window ended it, or it cannot run here',
    fix: 'Choose another: BPF: Select Target.',
  },
  'target-died': {
    means: 'The sandbox VM ended',
    fix: 'Start the program again: a new one boots.',
  },
  'command-failed': {
    means: 'The command to trace could not be started',
    fix: 'Check its path and rights.',
  },
  cancelled: {
    means: 'You cancelled before anything was attached',
    fix: 'Nothing is left to do.',
  },
} as const satisfies ErrorTable;

/** Every message is written for the user and `fix` states what to do. */
export type SessionErrorCode = keyof typeof SESSION_ERRORS;

export class SessionError extends WorkbenchError<SessionErrorCode> {
  override readonly name = 'SessionError';
}

/** The user declined or ended it before anything was attached. */
export const cancelled = (): SessionError => new SessionError('cancelled', 'Nothing was attached.');

/** A way out wherever root is needed and cannot be had. */
export const SANDBOX_VM_INSTEAD = 'switch to the sandbox VM: BPF: Select Target.';
