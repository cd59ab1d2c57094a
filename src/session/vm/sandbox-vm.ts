import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import path from 'node:path';
import { GUEST_PORTS, type GuestSpawn } from '../../shared/protocol/guest';
import type { Acceleration } from './acceleration';
import type { AgentClient } from './agent-client';
import { type BootedVm, bootVm, type SandboxVmOptions, TAIL_LINES, TRACER_SOCKET } from './boot-vm';
import type { GuestProcess } from './guest-process';
import type { Qemu } from './qemu';
import type { SharedFiles } from './shared-files';
import { VmError, vmDied } from './vm-error';

/** A QEMU guest on the host's read-only root file system, with an agent that starts processes. */
export class SandboxVm {
  readonly kernelRelease: string;
  readonly acceleration: Acceleration;
  /** Why secrets are not hidden from the guest; null: they are hidden. */
  readonly notHidden: string | null;
  readonly bootMs: number;
  private readonly runFolder: string;
  private readonly files: SharedFiles;
  private readonly qemu: Qemu;
  private readonly agent: AgentClient;
  private tracer: Socket | undefined;
  private readonly deathListeners: ((reason: VmError) => void)[] = [];
  private death: VmError | undefined;
  private removed: Promise<void> = Promise.resolve();

  /** The kernel kills QEMU with this process (see startQemu); only the folder has to be removed. */
  private readonly onExit = (): void => rmSync(this.runFolder, { recursive: true, force: true });

  private constructor(booted: BootedVm) {
    const { qemu, agent, ready, acceleration, runFolder, files, bootMs } = booted;
    this.runFolder = runFolder;
    this.files = files;
    this.bootMs = bootMs;
    this.qemu = qemu;
    this.agent = agent;
    this.acceleration = acceleration;
    this.kernelRelease = ready.kernelRelease;
    this.notHidden = files.notHidden;
    process.once('exit', this.onExit);
    const died = () => this.end(vmDied(qemu.console.lastWords(TAIL_LINES)));
    void qemu.ended.then(died);
    void agent.broken.then(reason => {
      this.end(reason);
      qemu.process.kill('SIGKILL');
    });
    qemu.agentPort.on('close', () => void qemu.ended.then(died));
  }

  /**
   * Boots a guest and resolves when its agent is ready. Rejects with VmError when something is missing (with the fix),
   * when the guest ended or was not ready in time (with the console's last lines), or with the signal's reason.
   */
  static async boot(options: SandboxVmOptions): Promise<SandboxVm> {
    return new SandboxVm(await bootVm(options));
  }

  /** For tests and messages; the process is this one's child. */
  get qemuPid(): number {
    return this.qemu.pid;
  }

  /** The console's last lines, oldest first. */
  consoleTail(lines = TAIL_LINES): string[] {
    return this.qemu.console.tail(lines);
  }

  /** Called once when the guest ends: VmError 'guest-died', or 'disposed' after dispose(). */
  onEnded(listener: (reason: VmError) => void): void {
    if (this.death) listener(this.death);
    else this.deathListeners.push(listener);
  }

  /** Starts a process in the guest. Throws VmError 'spawn-failed', 'guest-died' or 'disposed'. */
  spawn(command: GuestSpawn): Promise<GuestProcess> {
    return this.agent.spawn(command);
  }

  /**
   * The host's end of the tracer's port, without leftover data of an earlier tracer. Call it after an earlier tracer's
   * process has exited, and start the next one after it resolves.
   */
  async tracerStream(): Promise<Socket> {
    if (this.death) throw this.death;
    if (this.tracer) {
      await this.closeTracerPort();
      // After a reader that left with data pending, QEMU 10.0 delivers nothing to the next connection, only to the one after.
      await this.openTracerPort();
      await this.closeTracerPort();
    }
    return this.openTracerPort();
  }

  private async openTracerPort(): Promise<Socket> {
    const socket = createConnection(path.join(this.runFolder, TRACER_SOCKET));
    this.tracer = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    await this.agent.request('awaitPort', { name: GUEST_PORTS.tracer, connected: true });
    return socket;
  }

  private async closeTracerPort(): Promise<void> {
    this.tracer?.destroy();
    await this.agent.request('awaitPort', { name: GUEST_PORTS.tracer, connected: false });
  }

  /** Stops the guest at once, with all its processes. Idempotent. */
  async dispose(): Promise<void> {
    this.end(new VmError('disposed', 'The sandbox VM was shut down.'));
    this.qemu.process.kill('SIGKILL');
    await this.removed;
  }

  private end(reason: VmError): void {
    if (this.death) return;
    this.death = reason;
    this.tracer?.destroy();
    this.agent.end(reason);
    this.files.end();
    this.removed = this.removeRunFolder();
    for (const listener of this.deathListeners) listener(reason);
  }

  /** Call it after QEMU has exited: its sockets and disks are in the folder. */
  private async removeRunFolder(): Promise<void> {
    await this.qemu.ended.catch(() => undefined);
    // Files that cannot be removed do no harm: each VM has its own folder.
    await rm(this.runFolder, { recursive: true, force: true }).catch(() => undefined);
    process.off('exit', this.onExit);
  }
}
