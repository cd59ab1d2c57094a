/** The sandbox VM as a target: booted on first use, ended with the target. The tracer is root inside it, and only there. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { parseBtf } from '../../shared/btf/btf';
import { duplexChannel } from '../../shared/protocol/byte-channel';
import { GUEST_PORTS } from '../../shared/protocol/guest';
import { defaultCacheFolder, writeAtomically } from '../../system/cache-files';
import type { CapabilityFacts } from '../elevation/capabilities';
import { tracerFailure } from '../elevation/tracer-failure';
import { SessionError } from '../errors';
import type { SandboxVmOptions } from '../vm/boot-vm';
import { findGuestNode } from '../vm/guest-node';
import type { GuestProcess } from '../vm/guest-process';
import { findKernel } from '../vm/kernel-image';
import { SandboxVm } from '../vm/sandbox-vm';
import { kernelImageBtf } from '../vm/vmlinux';
import type {
  ConnectOptions,
  IfuncAnswer,
  Progress,
  SpawnCommand,
  Target,
  TargetBtf,
  TargetProcess,
} from './target';
import type { TargetFacts } from './target-facts';
import { greetTracer, type TracerConnection } from './tracer-connection';
import { tracerFacts } from './tracer-facts';

export interface VmTargetOptions {
  readonly tracerPath: string;
  /** dist/ifunc-probe.js. */
  readonly ifuncProbePath: string;
  readonly vm: Omit<SandboxVmOptions, 'onProgress' | 'signal'>;
  /** Boot steps, for the waiting user. */
  readonly progress: Progress;
  readonly log: (line: string) => void;
}

/** Limit of the tracer's output before its hello message. */
const STDERR_CHARACTERS = 64_000;

export class VmTarget implements Target {
  readonly id = 'vm';
  private booting: Promise<SandboxVm> | null = null;
  private booted: SandboxVm | null = null;
  private release = '';
  private btf: Promise<TargetBtf> | null = null;
  private connecting: Promise<TracerConnection> | null = null;
  private tracer: { connection: TracerConnection; process: GuestProcess } | null = null;

  /** `running`: a VM that is already booted; this target then ends it when it is disposed. */
  constructor(
    private readonly options: VmTargetOptions,
    running: SandboxVm | null = null,
  ) {
    if (running) this.adopt(running);
  }

  describe(): string {
    return this.release ? `sandbox VM (${this.release})` : 'sandbox VM';
  }

  /** The running VM, booted if there is none. Throws VmError. */
  boot(): Promise<SandboxVm> {
    this.booting ??= this.bootNow();
    return this.booting;
  }

  get isRunning(): boolean {
    return this.booted !== null;
  }

  readBtf(): Promise<TargetBtf> {
    this.btf ??= this.cachedBtf().catch(error => {
      this.btf = null;
      throw error;
    });
    return this.btf;
  }

  /** True if `readBtf` needs no boot: the VM runs, or this kernel image was booted before. Never throws. */
  async knowsBtf(): Promise<boolean> {
    if (this.btf !== null || this.booted !== null) return true;
    return this.btfCacheFile()
      .then(({ file }) => stat(file))
      .then(
        () => true,
        () => false,
      );
  }

  /** The tracer is root in the VM, so its settings do not matter. */
  async capabilityFacts(): Promise<CapabilityFacts> {
    return { kernelRelease: (await this.readBtf()).kernelRelease, perfEventParanoid: 0 };
  }

  /** There is one port for one tracer: concurrent callers get the same connection. */
  async connect(options: ConnectOptions): Promise<TracerConnection> {
    const vm = await this.boot();
    options.progress('Starting the tracer in the sandbox VM');
    if (this.tracer) return this.tracer.connection;
    this.connecting ??= this.startTracer(vm).finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async startTracer(vm: SandboxVm): Promise<TracerConnection> {
    const node = await findGuestNode(this.options.vm.nodePath);
    const stream = await vm.tracerStream();
    const process = await vm.spawn({
      argv: [node, this.options.tracerPath, '--port', GUEST_PORTS.tracer],
      cwd: '/',
      env: GUEST_ENV,
      stopped: false,
      uid: 0,
      gid: 0,
    });
    process.stdout.resume();
    let stderr = '';
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_CHARACTERS);
      this.options.log(`tracer in the VM: ${text.trimEnd()}`);
    });
    const stderrEnd = once(process.stderr, 'end');
    const token = randomBytes(32).toString('hex');
    process.stdin.on('error', () => undefined);
    process.stdin.write(`${token}\n`);
    // virtio-serial has no end of stream: the connection ends with the process.
    process.exited.then(
      () => stream.destroy(),
      () => stream.destroy(),
    );
    const connection = await greetTracer(duplexChannel(stream), token).catch(async error => {
      if (!(error instanceof SessionError && error.code === 'tracer-died')) {
        process.kill('SIGKILL').catch(() => undefined);
        throw error;
      }
      // The stream ended because the process did; its exit code tells why.
      const { code } = await process.exited;
      await stderrEnd;
      throw tracerFailure(stderr, code);
    });
    const tracer = { connection, process };
    this.tracer = tracer;
    connection.closed.then(() => {
      if (this.tracer === tracer) this.tracer = null;
      process.kill('SIGKILL').catch(() => undefined);
    });
    return connection;
  }

  async facts(connection: TracerConnection): Promise<TargetFacts> {
    const { kernel } = await this.btfCacheFile();
    return tracerFacts(connection, (await this.readBtf()).btf, kernel.modulesFolder);
  }

  async spawn(
    command: SpawnCommand,
    output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void,
  ): Promise<TargetProcess> {
    const vm = await this.boot();
    const guest = await vm.spawn({
      argv: command.argv,
      cwd: command.cwd,
      env: command.env,
      stopped: true,
      fresh: true,
      uid: 0,
      gid: 0,
    });
    const ends = (['stdout', 'stderr'] as const).map(stream => {
      guest[stream].on('data', (bytes: Uint8Array) => output(stream, bytes));
      return new Promise<void>(resolve => guest[stream].once('end', resolve));
    });
    guest.stdin.end();
    const exited = guest.exited.then(async ({ code, signal }) => {
      await Promise.all(ends);
      return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
    });
    exited.catch(() => undefined);
    return {
      pid: guest.pid,
      starterPid: guest.agentPid,
      exited,
      resume: () => guest.resume(),
      kill: signal => guest.kill(signal),
    };
  }

  async hasProcess(pid: number): Promise<boolean> {
    return (await this.guestOutput(['ls', '-d', `/proc/${pid}`])).byteLength > 0;
  }

  async processMaps(pid: number): Promise<string | null> {
    const text = await this.guestOutput(['cat', `/proc/${pid}/maps`]).catch(() => null);
    return text === null || text.byteLength === 0 ? null : text.toString();
  }

  async ifuncOffset(library: string, symbol: string, pid: number | null): Promise<IfuncAnswer> {
    const node = await findGuestNode(this.options.vm.nodePath);
    const probe = [
      node,
      this.options.ifuncProbePath,
      library,
      symbol,
      ...(pid === null ? [] : [String(pid)]),
    ];
    return JSON.parse((await this.guestOutput(probe)).toString()) as IfuncAnswer;
  }

  async dispose(): Promise<void> {
    const vm = await this.booting?.catch(() => null);
    this.tracer?.connection.close();
    await vm?.dispose();
  }

  private async bootNow(): Promise<SandboxVm> {
    try {
      const vm = await SandboxVm.boot({
        ...this.options.vm,
        onProgress: ({ message }) => this.options.progress(`Sandbox VM: ${message}`),
      });
      this.adopt(vm);
      return vm;
    } catch (error) {
      this.booting = null;
      throw error;
    }
  }

  private adopt(vm: SandboxVm): void {
    this.booting = Promise.resolve(vm);
    this.booted = vm;
    this.release = vm.kernelRelease;
    vm.onEnded(() => {
      // The next session boots a new VM.
      this.booted = null;
      this.booting = null;
    });
  }

  /**
   * From the cache, else extracted from the kernel image, so that compiling needs no VM; booted only if the image
   * cannot be unpacked.
   */
  private async cachedBtf(): Promise<TargetBtf> {
    const { file, kernel, cacheFolder } = await this.btfCacheFile();
    const cached = await readFile(file).catch(() => null);
    const bytes = cached ?? (await kernelImageBtf(kernel, cacheFolder)) ?? (await this.guestBtf());
    if (!cached) await writeAtomically(file, bytes);
    this.release ||= kernel.release;
    return { bytes, btf: parseBtf(bytes), kernelRelease: kernel.release };
  }
  private async btfCacheFile() {
    const cacheFolder = this.options.vm.cacheFolder ?? defaultCacheFolder();
    const kernel = await findKernel(cacheFolder, this.options.vm.kernel);
    const image = await stat(kernel.imagePath);
    const name = `${kernel.release}-${image.size}-${Math.floor(image.mtimeMs)}.btf`;
    return { file: path.join(cacheFolder, 'btf', name), kernel, cacheFolder };
  }

  private async guestBtf(): Promise<Uint8Array> {
    const bytes = await this.guestOutput(['cat', '/sys/kernel/btf/vmlinux']);
    if (bytes.byteLength > 0) return bytes;
    throw new SessionError('btf-missing', `The sandbox VM's kernel (${this.release}) has no BTF.`, {
      text: 'Choose a kernel built with CONFIG_DEBUG_INFO_BTF=y.',
    });
  }

  private async guestOutput(argv: readonly string[]): Promise<Buffer> {
    const vm = await this.boot();
    const guest = await vm.spawn({ argv, cwd: '/', env: GUEST_ENV, stopped: false, uid: 0, gid: 0 });
    guest.stdin.end();
    guest.stderr.resume();
    const parts: Buffer[] = [];
    for await (const part of guest.stdout) parts.push(part as Buffer);
    await guest.exited;
    return Buffer.concat(parts);
  }
}

const GUEST_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};
