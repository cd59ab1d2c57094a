/**
 * How the tracer gets its capabilities: they are already held, or through sudo with the password from the caller's
 * dialog (sudo -S), sudo on the terminal, or pkexec. In each case setpriv(1) then drops the rest: the tracer runs
 * under the caller's uid with only the capabilities it needs, and cannot gain more (no_new_privs).
 */
import { readFileSync } from 'node:fs';
import { SYSTEM_FOLDERS } from '../../shared/bpf/binary-folders';
import { findExecutable } from '../../system/find-executable';
import { processStatus } from '../../system/process-status';
import { SANDBOX_VM_INSTEAD, SessionError } from '../errors';
import { CAPABILITY_BITS, type Capabilities, holdsCapabilities } from './capabilities';
import { guardedNode, guardedNodeFlags } from './guarded-node';
import type { InstalledTracer } from './installed-tracer';
import type { NodeRuntime } from './real-node';

export type ElevationWay = 'already' | 'sudo-password' | 'sudo-terminal' | 'pkexec';

/** The caller's user interface; session code itself never interacts with the user. */
export interface ElevationUi {
  /** Called before anything starts, with what will be requested. False: the user declined. */
  consent(request: {
    readonly way: ElevationWay;
    readonly capabilities: Capabilities;
    readonly objectName: string;
  }): Promise<boolean>;
  /** The user's password, or null when they cancelled. `attempt` counts from 1. */
  password(request: { readonly prompt: string; readonly attempt: number }): Promise<string | null>;
  /** True where sudo may ask on the controlling terminal itself. */
  readonly hasTerminal: boolean;
  /** Receives stderr of sudo and of the command it runs, piece by piece and unescaped, when sudo asks on the terminal. */
  readonly tell?: (text: string) => void;
}

export interface ElevationPlan {
  readonly way: ElevationWay;
  readonly command: string;
  readonly args: readonly string[];
}

/** What the setting asks for. */
export type WantedElevation = 'auto' | 'sudo' | 'pkexec';

export interface RootRequest {
  readonly elevation: WantedElevation;
  readonly ui: Pick<ElevationUi, 'hasTerminal'>;
}

export interface ElevationRequest extends RootRequest {
  readonly capabilities: Capabilities;
  readonly node: NodeRuntime;
  readonly tracerPath: string;
  /** The socket that the tracer connects to. */
  readonly socketPath: string;
  /** Finds the copy that only root can change; called when elevation is needed. */
  readonly installed: () => Promise<InstalledTracer | null>;
}

/** Chooses the method and the exact command. Throws SessionError with the fix when no method works. */
export async function planElevation(request: ElevationRequest): Promise<ElevationPlan> {
  const self = processStatus('self');
  const tracer = [...guardedNode(request.node), request.tracerPath, '--socket', request.socketPath];
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;

  const setpriv = await findExecutable('setpriv', SYSTEM_FOLDERS);
  if (!setpriv) {
    throw new SessionError(
      'setpriv-missing',
      'The tracer is started through setpriv, which is not installed.',
      { command: 'sudo apt-get install util-linux' },
    );
  }
  if (self && uid !== 0 && holdsCapabilities(self.capabilities.effective, request.capabilities)) {
    return { way: 'already', command: setpriv, args: [...keepOnly(request.capabilities), ...tracer] };
  }
  const installed = await request.installed();
  if (installed && uid !== 0) {
    const capabilities = request.capabilities.map(entry => entry.capability).join(',');
    return planAsRoot([installed.launcherPath, capabilities, request.socketPath], request);
  }
  const lowered = [
    ...(await withoutNetwork(request.capabilities)),
    setpriv,
    ...setprivArgs(uid, gid, request.capabilities),
  ];
  if (!installed) return planAsRoot([...lowered, ...tracer], request);
  const { nodePath, tracerPath } = installed;
  const start = ['/usr/bin/env', '-i', nodePath, ...guardedNodeFlags(null), tracerPath];
  return planAsRoot([...lowered, ...start, '--socket', request.socketPath], request);
}

/**
 * Arguments for an own network namespace, in which not even loopback is up: the tracer needs only Unix sockets. Empty
 * when programs are attached to interfaces (CAP_NET_ADMIN), or when root may not create namespaces (a container).
 */
async function withoutNetwork(capabilities: Capabilities): Promise<string[]> {
  if (capabilities.some(entry => entry.capability === 'net_admin')) return [];
  const unshare = await findExecutable('unshare', SYSTEM_FOLDERS);
  const bounding = BigInt(`0x${processStatus('self')?.capabilities.bounding ?? '0'}`);
  const mayUnshare = ((bounding >> BigInt(CAPABILITY_BITS.sys_admin)) & 1n) === 1n;
  return unshare && mayUnshare && allowsNetworkNamespaces() ? [unshare, '--net', '--'] : [];
}

/** user.max_net_namespaces (namespaces(7)); missing in a kernel without CONFIG_NET_NS. */
function allowsNetworkNamespaces(): boolean {
  try {
    return Number(readFileSync('/proc/sys/user/max_net_namespaces', 'utf8')) > 0;
  } catch {
    return false;
  }
}

/** How to run a command line as root: unchanged when already root. Throws SessionError with the fix. */
export async function planAsRoot(argv: readonly string[], request: RootRequest): Promise<ElevationPlan> {
  const [command = '', ...args] = argv;
  if (process.getuid?.() === 0) return { way: 'already', command, args };
  if (processStatus('self')?.noNewPrivileges) {
    throw new SessionError(
      'no-new-privileges',
      'This process may not gain privileges (no_new_privs is set, as in a snap, a flatpak or some containers), so neither sudo nor pkexec can work.',
      { text: `Use VS Code from its .deb package, or ${SANDBOX_VM_INSTEAD}` },
    );
  }
  const sudo = await findExecutable('sudo', SYSTEM_FOLDERS);
  const pkexec = await findExecutable('pkexec', SYSTEM_FOLDERS);
  const wantsPkexec = request.elevation === 'pkexec' || (request.elevation === 'auto' && !sudo);
  if (wantsPkexec && pkexec) return { way: 'pkexec', command: pkexec, args: argv };
  if (sudo && request.elevation !== 'pkexec') {
    if (request.ui.hasTerminal) return { way: 'sudo-terminal', command: sudo, args: ['--', ...argv] };
    return { way: 'sudo-password', command: sudo, args: ['--stdin', '--', ...argv] };
  }
  throw new SessionError(
    'no-elevation',
    `This needs root privileges, and ${request.elevation === 'auto' ? 'neither sudo nor pkexec is' : `${request.elevation} is not`} installed.`,
    request.elevation === 'pkexec' && sudo
      ? { text: 'Set bpf.elevation to "sudo".' }
      : { text: `sudo apt-get install sudo — or ${SANDBOX_VM_INSTEAD}` },
  );
}

/** For a caller that already holds the capabilities: drops all others. Only root could reduce the bounding set. */
function keepOnly(capabilities: Capabilities): string[] {
  const caps = ['-all', ...capabilities.map(entry => `+${entry.capability}`)].join(',');
  return [`--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--no-new-privs'];
}

/** The caller's uid and gid, no_new_privs, and the three capability sets reduced to these. */
export function setprivArgs(uid: number, gid: number, capabilities: Capabilities): string[] {
  const caps = ['-all', ...capabilities.map(entry => `+${entry.capability}`)].join(',');
  const identity = uid === 0 ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  return [
    ...identity,
    `--inh-caps=${caps}`,
    `--ambient-caps=${caps}`,
    `--bounding-set=${caps}`,
    '--no-new-privs',
  ];
}
