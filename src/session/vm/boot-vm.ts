/** Boots the sandbox VM: finds its parts, writes its initramfs, starts QEMU, with KVM where that works, and waits for the agent. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GuestNotifications } from '../../shared/protocol/guest';
import { defaultCacheFolder } from '../../system/cache-files';
import { createOwnedFolder, removeStaleFolders } from '../elevation/owned-folder';
import { type Acceleration, accelerationsToTry, rememberKvm } from './acceleration';
import { AgentClient } from './agent-client';
import { cpioArchive } from './cpio';
import { type EmulatedThreads, safeEmulatedThreads } from './emulated-cpus';
import { BootMarker, firstInit, secondInit } from './guest-init';
import { findGuestNode } from './guest-node';
import { baseArchive } from './initramfs';
import { findKernel, type KernelImage } from './kernel-image';
import { type ForwardedPort, findQemu, type Qemu, startQemu } from './qemu';
import { type SharedFiles, shareFiles } from './shared-files';
import { bootTimedOut, VmError, vmDiedWhileBooting } from './vm-error';
import { hasPvhEntry, unpackedVmlinux } from './vmlinux';

export type BootStep = 'qemu' | 'kernel' | 'file-systems' | 'agent';

export interface BootProgress {
  readonly step: BootStep;
  /** For a progress bar: "starting QEMU". */
  readonly message: string;
  readonly elapsedMs: number;
}

export interface SandboxVmOptions {
  /** dist/guest-agent.js; must be on the host's root file system as visible in the guest (not under /run or /dev). */
  readonly agentPath: string;
  /** For kernels, the initramfs and whether KVM works. Default: defaultCacheFolder(). */
  readonly cacheFolder?: string;
  readonly qemuPath?: string;
  readonly nodePath?: string;
  readonly kernel?: { readonly imagePath: string; readonly modulesFolder: string };
  /** Default: 4096, at most half of the host's. */
  readonly memoryMb?: number;
  /** Default: 2, at most the host's. */
  readonly cpus?: number;
  readonly acceleration?: 'auto' | Acceleration;
  /** Default: what this QEMU version supports safely. */
  readonly emulatedThreads?: EmulatedThreads;
  /** Folders to hide from the guest, in addition to the usual locations of secrets (hidden-paths.ts): absolute, or "~/…". */
  readonly hiddenFolders?: readonly string[];
  readonly forwardedPorts?: readonly ForwardedPort[];
  readonly extraQemuArguments?: readonly string[];
  readonly bootDeadlineMs?: number;
  readonly onProgress?: (progress: BootProgress) => void;
  readonly signal?: AbortSignal;
}

const BOOT_DEADLINE_MS = 180_000;
/** A KVM guest prints its first line well under a second after QEMU starts; a broken /dev/kvm never does. */
const KVM_MARKER_DEADLINE_MS = 6_000;
/** How much of the console an error quotes. */
export const TAIL_LINES = 12;
const RUN_FOLDER_PREFIX = 'bpfw-vm-';

/** In the run folder. */
export const TRACER_SOCKET = 'tracer.sock';
const initramfsPath = (plan: Plan): string => path.join(plan.runFolder, 'initramfs');

interface Plan {
  readonly options: SandboxVmOptions;
  readonly cacheFolder: string;
  readonly kernel: KernelImage;
  /** The file that QEMU boots: the kernel's image, or its unpacked ELF file when QEMU can boot that. */
  readonly bootPath: string;
  readonly qemuPath: string;
  readonly runFolder: string;
  readonly progress: (step: BootStep, message: string) => void;
}

/** A guest whose agent is ready. */
export interface Booted {
  readonly qemu: Qemu;
  readonly agent: AgentClient;
  readonly ready: GuestNotifications['ready'];
  readonly acceleration: Acceleration;
}

export interface BootedVm extends Booted {
  /** To be removed after QEMU has exited. */
  readonly runFolder: string;
  readonly files: SharedFiles;
  readonly bootMs: number;
}

/** Errors as SandboxVm.boot(). */
export async function bootVm(options: SandboxVmOptions): Promise<BootedVm> {
  const startedAt = performance.now();
  const cacheFolder = options.cacheFolder ?? defaultCacheFolder();
  if (!existsSync(options.agentPath)) {
    throw new VmError(
      'agent-missing',
      `The sandbox VM's agent was not built: ${options.agentPath} does not exist.`,
      { command: 'npm run build' },
    );
  }
  const [qemuPath, nodePath, kernel] = await Promise.all([
    findQemu(options.qemuPath),
    findGuestNode(options.nodePath),
    findKernel(cacheFolder, options.kernel),
  ]);
  await removeStaleFolders(tmpdir(), RUN_FOLDER_PREFIX);
  const runFolder = await createOwnedFolder(tmpdir(), RUN_FOLDER_PREFIX);
  const progress: Plan['progress'] = (step, message) =>
    options.onProgress?.({ step, message, elapsedMs: performance.now() - startedAt });
  try {
    const bootPath = await fastestBootPath(kernel, cacheFolder);
    const plan: Plan = { options, cacheFolder, kernel, bootPath, qemuPath, runFolder, progress };
    await writeInitramfs(plan, nodePath);
    const files = await sharedFiles(plan, nodePath);
    const booted = await bootWithBestAcceleration(plan, files)
      .catch(error => {
        files.end();
        throw error;
      })
      .finally(() => files.close());
    await rm(initramfsPath(plan), { force: true });
    return { ...booted, runFolder, files, bootMs: performance.now() - startedAt };
  } catch (error) {
    await rm(runFolder, { recursive: true, force: true });
    throw error;
  }
}

async function fastestBootPath(kernel: KernelImage, cacheFolder: string): Promise<string> {
  const vmlinux = await unpackedVmlinux(kernel, cacheFolder);
  return vmlinux && (await hasPvhEntry(vmlinux)) ? vmlinux : kernel.imagePath;
}

async function writeInitramfs(plan: Plan, nodePath: string): Promise<void> {
  const { kernel, options } = plan;
  const network = (options.forwardedPorts ?? []).length > 0;
  const init = {
    kernelRelease: kernel.release,
    modulesFolder: kernel.modulesFolder,
    kernelFolder: path.dirname(kernel.imagePath),
    nodePath,
    agentPath: options.agentPath,
    network,
  };
  const scripts = cpioArchive([
    { kind: 'file', path: 'init', mode: 0o755, bytes: Buffer.from(firstInit(init)) },
    { kind: 'file', path: 'secondInit', mode: 0o755, bytes: Buffer.from(secondInit(init)) },
  ]);
  const base = await baseArchive(kernel, network, plan.cacheFolder);
  await writeFile(initramfsPath(plan), Buffer.concat([base, scripts]), { mode: 0o600 });
}

/** When nothing can be hidden the boot continues: that is reported, and the environment check shows the fix. */
async function sharedFiles(plan: Plan, nodePath: string): Promise<SharedFiles> {
  const { agentPath, hiddenFolders = [] } = plan.options;
  const { imagePath, modulesFolder } = plan.kernel;
  const files = await shareFiles({
    runFolder: plan.runFolder,
    hiddenFolders,
    needed: [agentPath, nodePath, imagePath].map(file => path.dirname(file)).concat(modulesFolder),
  });
  if (files.notHidden)
    plan.progress(
      'qemu',
      `the guest can read every file that you can, including secrets (${files.notHidden})`,
    );
  return files;
}

async function bootWithBestAcceleration(plan: Plan, files: SharedFiles): Promise<Booted> {
  const wanted = plan.options.acceleration ?? 'auto';
  const accelerations = await accelerationsToTry(wanted, plan.cacheFolder);
  for (const [index, acceleration] of accelerations.entries()) {
    const isLast = index === accelerations.length - 1;
    const qemu = await launch(plan, acceleration, files);
    try {
      if (acceleration === 'kvm' && !isLast) {
        const alive = await lineWithin(qemu, BootMarker.kernel, KVM_MARKER_DEADLINE_MS, plan.options.signal);
        await rememberKvm(alive, plan.cacheFolder);
        if (!alive) {
          await kill(qemu);
          continue;
        }
      }
      return { ...(await agentOf(plan, qemu)), acceleration };
    } catch (error) {
      await kill(qemu);
      throw error;
    }
  }
  throw new VmError('unsupported-machine', 'QEMU has no acceleration that can run the sandbox VM.');
}

async function launch(plan: Plan, acceleration: Acceleration, files: SharedFiles): Promise<Qemu> {
  plan.options.signal?.throwIfAborted();
  plan.progress('qemu', acceleration === 'kvm' ? 'starting QEMU with KVM' : 'starting QEMU (emulated)');
  const qemu = await startQemu({
    qemuPath: plan.qemuPath,
    acceleration,
    emulatedThreads: plan.options.emulatedThreads ?? (await safeEmulatedThreads(plan.qemuPath)),
    imagePath: plan.bootPath,
    initramfsPath: initramfsPath(plan),
    tracerSocketPath: path.join(plan.runFolder, TRACER_SOCKET),
    files,
    memoryMb: plan.options.memoryMb ?? Math.min(4096, Math.floor(totalmem() / 2 / 2 ** 20)),
    cpus: plan.options.cpus ?? Math.min(2, availableParallelism()),
    forwardedPorts: plan.options.forwardedPorts ?? [],
    extraArguments: plan.options.extraQemuArguments ?? [],
  });
  qemu.console.onLine(line => {
    if (line.includes(BootMarker.kernel)) plan.progress('kernel', `kernel ${plan.kernel.release} is up`);
    else if (line.includes(BootMarker.fileSystems)) plan.progress('file-systems', 'file systems are mounted');
  });
  return qemu;
}

/** True when the console shows `marker` in time; false when it does not, or QEMU exits. Throws the signal's reason. */
async function lineWithin(
  qemu: Qemu,
  marker: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const cancel = new AbortController();
  const seen = new Promise<boolean>(resolve => {
    const subscription = qemu.console.onLine(line => line.includes(marker) && resolve(true));
    cancel.signal.addEventListener('abort', () => subscription.dispose());
  });
  const stop = signal ? AbortSignal.any([cancel.signal, signal]) : cancel.signal;
  const late = delay(deadlineMs, false, { signal: stop });
  late.catch(() => {});
  try {
    return await Promise.race([seen, late, qemu.ended.then(() => false)]);
  } finally {
    cancel.abort();
  }
}

async function agentOf(plan: Plan, qemu: Qemu): Promise<Pick<Booted, 'qemu' | 'agent' | 'ready'>> {
  const agent = new AgentClient(qemu.agentPort);
  const cancel = new AbortController();
  const { signal } = plan.options;
  const deadlineMs = plan.options.bootDeadlineMs ?? BOOT_DEADLINE_MS;
  const late = delay(deadlineMs, null, {
    signal: signal ? AbortSignal.any([cancel.signal, signal]) : cancel.signal,
  });
  try {
    const first = await Promise.race([agent.ready, late, qemu.ended, agent.broken]);
    if (first instanceof VmError) throw first;
    if (first && 'kernelRelease' in first) {
      plan.progress('agent', 'agent ready');
      return { qemu, agent, ready: first };
    }
    const tail = qemu.console.lastWords(TAIL_LINES);
    throw first === null
      ? bootTimedOut(deadlineMs, tail)
      : vmDiedWhileBooting(first.signal ?? `exit ${first.code}`, tail);
  } catch (error) {
    agent.end(
      error instanceof VmError ? error : new VmError('disposed', 'Booting the sandbox VM was cancelled.'),
    );
    throw signal?.aborted ? signal.reason : error;
  } finally {
    cancel.abort();
    late.catch(() => {});
  }
}

async function kill(qemu: Qemu): Promise<void> {
  qemu.process.kill('SIGKILL');
  await qemu.ended.catch(() => {});
}
