import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { GUEST_PORTS } from '../../shared/protocol/guest';
import { startChild } from '../../system/child-process';
import { findExecutable } from '../../system/find-executable';
import type { Acceleration } from './acceleration';
import { ConsoleLog } from './console-log';
import type { EmulatedThreads } from './emulated-cpus';
import { ROOT_MOUNT_TAG } from './guest-init';
import { privilegeArguments, seccompArguments } from './qemu-confinement';
import type { SharedFiles } from './shared-files';
import { installCommand, VmError } from './vm-error';

export interface ForwardedPort {
  /** On the host's loopback. */
  readonly hostPort: number;
  readonly guestPort: number;
}

export interface QemuOptions {
  readonly qemuPath: string;
  readonly acceleration: Acceleration;
  /** For a guest without KVM. */
  readonly emulatedThreads: EmulatedThreads;
  readonly imagePath: string;
  readonly initramfsPath: string;
  readonly tracerSocketPath: string;
  readonly files: Pick<SharedFiles, 'path' | 'descriptors'>;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly forwardedPorts: readonly ForwardedPort[];
  readonly extraArguments: readonly string[];
}

interface Machine {
  readonly qemu: string;
  readonly debianPackage: string;
  readonly machine: string;
  readonly console: string;
}

const MACHINES: Partial<Record<NodeJS.Architecture, Machine>> = {
  x64: { qemu: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86', machine: 'q35', console: 'ttyS0' },
  arm64: {
    qemu: 'qemu-system-aarch64',
    debianPackage: 'qemu-system-arm',
    machine: 'virt',
    console: 'ttyAMA0',
  },
};

/**
 * Without the feature bits of fast `rep movsb` (Intel SDM, ERMS and FSRM), which TCG's `max` sets although it copies a
 * byte at a time: the kernel and the C library would use it for long copies.
 */
const EMULATED_X64 = 'max,erms=off,fsrm=off';

function thisMachine(): Machine {
  const machine = MACHINES[process.arch];
  if (!machine)
    throw new VmError('unsupported-machine', `The sandbox VM does not support ${process.arch} machines.`);
  return machine;
}

/** Throws VmError 'qemu-missing' or 'unsupported-machine'. */
export async function findQemu(setting?: string): Promise<string> {
  const { qemu, debianPackage } = thisMachine();
  const found = await findExecutable(setting || qemu);
  if (found) return found;
  throw new VmError(
    'qemu-missing',
    `The sandbox VM needs ${setting || qemu}, which was not found.`,
    installCommand(debianPackage),
  );
}

/** A running QEMU: its console, and the agent's port as a stream. */
export interface Qemu {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly console: ConsoleLog;
  readonly agentPort: Socket;
  /** Resolves once, with its exit code or signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts QEMU. The kernel kills it when the calling thread ends for any reason (prctl(2) PR_SET_PDEATHSIG, set by
 * setpriv). Throws VmError 'qemu-missing' when it cannot be executed.
 */
export async function startQemu(options: QemuOptions): Promise<Qemu> {
  const setpriv = await findExecutable('setpriv');
  if (!setpriv)
    throw new VmError('tool-missing', 'The sandbox VM needs setpriv.', installCommand('util-linux'));
  const seccomp = await seccompArguments(options.qemuPath);
  const confined = ['--pdeathsig', 'KILL', ...privilegeArguments(), options.qemuPath, ...seccomp];
  const child = startChild('qemu', setpriv, [...confined, ...qemuArguments(options)], {
    // 3: the agent's port. Node creates extra pipes as Unix socket pairs, which a QEMU socket chardev needs.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...options.files.descriptors],
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => {});
  const agentPort = child.stdio.at(3);
  if (child.pid === undefined || !(agentPort instanceof Socket) || !child.stdout || !child.stderr) {
    const cause = await ended.catch((error: unknown) => error);
    throw new VmError('qemu-missing', `Starting QEMU failed: ${String(cause)}`, null, [], { cause });
  }
  agentPort.on('error', () => {});
  const console = new ConsoleLog();
  console.follow(child.stdout);
  console.follow(child.stderr);
  return { process: child, pid: child.pid, console, agentPort, ended };
}

function qemuArguments(options: QemuOptions): string[] {
  const { machine, console } = thisMachine();
  const kernelArguments = [
    `console=${console}`,
    'quiet',
    // Reboot at once after a panic; -no-reboot turns the reboot into QEMU's exit.
    'panic=-1',
    // Without it the emulated clock falls back to HPET, which is slow to read.
    'tsc=reliable',
    // A TCG guest on a busy machine stalls for longer than these watchdogs allow.
    'nowatchdog',
    'mitigations=off',
  ];
  const forwards = options.forwardedPorts.map(
    ({ hostPort, guestPort }) => `,hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`,
  );
  // Commas separate QEMU's options; a doubled comma is a literal one.
  const text = (value: string): string => value.replaceAll(',', ',,');
  return [
    ['-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none'],
    ['-machine', machine],
    options.acceleration === 'kvm'
      ? ['-accel', 'kvm', '-cpu', process.arch === 'x64' ? 'host,-arch-capabilities' : 'host']
      : [
          '-accel',
          `tcg,thread=${options.emulatedThreads}`,
          '-cpu',
          process.arch === 'x64' ? EMULATED_X64 : 'max',
        ],
    ['-m', String(options.memoryMb), '-smp', String(options.cpus)],
    ['-kernel', options.imagePath, '-initrd', options.initramfsPath, '-append', kernelArguments.join(' ')],
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ['-fsdev', `local,id=root,path=${options.files.path},security_model=none,readonly=on,multidevs=remap`],
    ['-device', `virtio-9p-pci,fsdev=root,mount_tag=${ROOT_MOUNT_TAG}`],
    ['-device', 'virtio-serial-pci'],
    ['-chardev', 'socket,id=agent,fd=3', '-device', `virtserialport,chardev=agent,name=${GUEST_PORTS.agent}`],
    ['-chardev', `socket,id=tracer,path=${text(options.tracerSocketPath)},server=on,wait=off`],
    ['-device', `virtserialport,chardev=tracer,name=${GUEST_PORTS.tracer}`],
    forwards.length > 0
      ? [
          '-netdev',
          `user,id=net,restrict=on${forwards.join('')}`,
          '-device',
          'virtio-net-pci,netdev=net,romfile=',
        ]
      : ['-nic', 'none'],
    options.extraArguments,
  ].flat();
}
