/** This machine's kernel as a target. */
import { readFileSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { parseBtf } from '../../shared/btf/btf';
import { runChild } from '../../system/child-process';
import type { CapabilityFacts } from '../elevation/capabilities';
import type { WantedElevation } from '../elevation/elevation';
import { findNode } from '../elevation/real-node';
import { lastLine } from '../elevation/tracer-failure';
import { SessionError } from '../errors';
import { startLocalTracer } from './local-tracer';
import { spawnStopped } from './stopped-process';
import type { ConnectOptions, IfuncAnswer, SpawnCommand, Target, TargetBtf, TargetProcess } from './target';
import type { TargetFacts } from './target-facts';
import type { TracerConnection } from './tracer-connection';
import { tracerFacts } from './tracer-facts';

export interface LocalTargetOptions {
  /** dist/tracer.js. */
  readonly tracerPath: string;
  /** package.json's version, to compare with an installed tracer. */
  readonly version: string;
  /** dist/ifunc-probe.js. */
  readonly ifuncProbePath: string;
  readonly nodeSetting?: string | undefined;
  readonly elevation: WantedElevation;
  readonly log: (line: string) => void;
}

/** World-readable since 5.4 (kernel/bpf/sysfs_btf.c). */
const KERNEL_BTF = '/sys/kernel/btf/vmlinux';

export class LocalTarget implements Target {
  readonly id = 'local';
  private kernelBtf: Promise<TargetBtf> | null = null;

  constructor(private readonly options: LocalTargetOptions) {}

  describe(): string {
    return `this kernel (${release()})`;
  }

  readBtf(): Promise<TargetBtf> {
    this.kernelBtf ??= readKernelBtf();
    return this.kernelBtf;
  }

  capabilityFacts(): Promise<CapabilityFacts> {
    return localCapabilityFacts();
  }

  async connect(options: ConnectOptions): Promise<TracerConnection> {
    options.progress('Starting the tracer');
    return startLocalTracer({
      ...options,
      node: await findNode(this.options.nodeSetting, process.env),
      own: this.options,
      elevation: this.options.elevation,
      log: this.options.log,
      // Needed next; an error is reported to the caller that asks for it.
      onStarted: () => void this.readBtf().catch(() => undefined),
    });
  }

  async facts(connection: TracerConnection): Promise<TargetFacts> {
    return tracerFacts(connection, (await this.readBtf()).btf, `/lib/modules/${release()}`);
  }

  spawn(
    command: SpawnCommand,
    output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void,
  ): Promise<TargetProcess> {
    return spawnStopped(command, output);
  }

  hasProcess(pid: number): Promise<boolean> {
    return access(`/proc/${pid}`).then(
      () => true,
      () => false,
    );
  }

  processMaps(pid: number): Promise<string | null> {
    return readFile(`/proc/${pid}/maps`, 'utf8').catch(() => null);
  }

  async ifuncOffset(library: string, symbol: string, pid: number | null): Promise<IfuncAnswer> {
    const node = await findNode(this.options.nodeSetting, process.env);
    const args = [this.options.ifuncProbePath, library, symbol, ...(pid === null ? [] : [String(pid)])];
    const { code, stdout, stderr } = await runChild('node', node.path, args, {
      deadlineMs: 20_000,
      ...(node.electron ? { extraEnv: { ELECTRON_RUN_AS_NODE: '1' } } : {}),
    });
    if (code !== 0)
      return { error: `${node.path} failed (exit ${code ?? 'by signal'}): ${lastLine(stderr)}` };
    return JSON.parse(stdout.toString()) as IfuncAnswer;
  }

  async dispose(): Promise<void> {}
}

/** Read each time: a user may change these settings to need fewer capabilities. */
export async function localCapabilityFacts(): Promise<CapabilityFacts> {
  const setting = (name: string, unknown: string) =>
    readFile(`/proc/sys/kernel/${name}`, 'utf8').catch(() => unknown);
  return {
    kernelRelease: release(),
    perfEventParanoid: Number.parseInt(await setting('perf_event_paranoid', '2'), 10),
    kptrRestrict: Number.parseInt(await setting('kptr_restrict', '1'), 10),
    runTimeMeasured: (await setting('bpf_stats_enabled', '0')).trim() === '1',
  };
}

async function readKernelBtf(): Promise<TargetBtf> {
  try {
    // sysfs returns one page per read (fs/kernfs/file.c): a thousand reads take 2 ms here and 40 ms in the thread pool.
    const bytes = readFileSync(KERNEL_BTF);
    return { bytes, btf: parseBtf(bytes), kernelRelease: release() };
  } catch (error) {
    throw new SessionError(
      'btf-missing',
      `This kernel (${release()}) provides no type information (BTF): ${KERNEL_BTF} cannot be read.`,
      {
        text: 'Use a kernel built with CONFIG_DEBUG_INFO_BTF=y, or switch to the sandbox VM: BPF: Select Target.',
      },
      { cause: error },
    );
  }
}
