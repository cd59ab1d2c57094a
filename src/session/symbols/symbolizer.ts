/** Symbolizes the addresses of a session's stacks: unresolved ones become [unknown], with file and offset where known. */
import path from 'node:path';
import type { StackAddress } from '../../shared/decode/stacks';
import { BoundedMap } from '../../system/bounded-map';
import type { Target } from '../targets/target';
import { type TracerConnection, TracerRequestError } from '../targets/tracer-connection';
import type { TracingSession } from '../tracing/tracing-session';
import { Demangler } from './demangler';
import { ElfFiles } from './elf-files';
import { FileSymbolizer } from './file-symbolizer';
import { KernelSymbols } from './kernel-symbols';
import { type MappingRecord, parseMappingRecords } from './mapping-records';
import { ProcessMaps, parseMaps } from './process-maps';

/** Intervals for polling a new process's mappings: short at first, while the dynamic linker runs, then longer. */
const WATCH_STEPS_MS = [5, 10, 20, 40, 80, 160, 320];

/** Limit, for a fork bomb; the most recent processes are kept. */
const PROCESSES_KEPT = 16_384;

/** One name of an address. */
export interface NamedAddress {
  /** Function, or what is known instead ("[unknown] libc.so.6+0x1234"). */
  readonly name: string;
  /** File name of the library or program, or the kernel module; '' for the core kernel and when unknown. */
  readonly module: string;
}

export class Symbolizer {
  private readonly processes = new BoundedMap<number, ProcessMaps>(PROCESSES_KEPT);
  private readonly elves = new ElfFiles();
  private readonly timers = new Set<NodeJS.Timeout>();
  private disposed = false;
  private kernel: Promise<KernelSymbols> | null = null;
  private files: Promise<FileSymbolizer | null> | null = null;
  private readonly demangler = new Demangler();

  constructor(
    private readonly target: Pick<Target, 'processMaps'>,
    private readonly connection: Pick<TracerConnection, 'request' | 'takeBlob'>,
  ) {}

  /**
   * Records the mappings of the process and its children, so that their addresses can be symbolized after they exit.
   * Call it before the process runs. When the kernel cannot report mappings, they are polled instead, which misses
   * short-lived processes.
   */
  async watchProcess(pid: number, session: Pick<TracingSession, 'watchMappings'>): Promise<void> {
    try {
      await session.watchMappings(pid, frame => {
        for (const record of parseMappingRecords(frame)) this.learn(record);
      });
    } catch (error) {
      if (!(error instanceof TracerRequestError)) throw error;
      this.pollMaps(pid, 0);
    }
  }

  /** Like watchProcess, for a process that is already running: also reads its present mappings. */
  async watchRunningProcess(pid: number, session: Pick<TracingSession, 'watchMappings'>): Promise<void> {
    await this.watchProcess(pid, session);
    await this.readMaps(pid);
  }

  private learn(record: MappingRecord): void {
    if (record.kind === 'mapping') {
      this.mapsOf(record.pid).add([record.mapping]);
      return;
    }
    // Records of two CPUs may arrive out of order: the child's own mappings take precedence.
    const parent = this.processes.get(record.parent);
    if (parent) this.mapsOf(record.pid).inherit(parent);
  }

  private mapsOf(pid: number): ProcessMaps {
    const maps = this.processes.get(pid) ?? new ProcessMaps();
    this.processes.set(pid, maps);
    return maps;
  }

  private pollMaps(pid: number, step: number): void {
    // The result of the last poll may arrive after dispose().
    if (this.disposed) return;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        void this.readMaps(pid).then(alive => alive && this.pollMaps(pid, step + 1));
      },
      WATCH_STEPS_MS[Math.min(step, WATCH_STEPS_MS.length - 1)],
    );
    this.timers.add(timer);
  }

  /**
   * Names of a stack's addresses, innermost first like the stack; functions inlined into a frame precede it. `pid` is the
   * process on the target to which user addresses belong.
   */
  async namedFrames(
    space: 'kernel' | 'user',
    pid: number,
    addresses: readonly StackAddress[],
  ): Promise<NamedAddress[]> {
    if (space === 'user' && !this.processes.get(pid)) await this.readMaps(pid);
    const frames = await Promise.all(
      addresses.map((address, depth) => {
        if (address.kind === 'build-id') return this.buildIdFrames(pid, address.buildId, address.offset);
        // Outer frames are return addresses: the call is the instruction before.
        const at = depth === 0 ? address.address : address.address - 1n;
        return space === 'kernel' ? this.kernelFrames(at) : this.userFrames(pid, at);
      }),
    );
    return frames.flat();
  }

  /** Like namedFrames, as text: a kernel module's name follows its functions in brackets. */
  async frames(space: 'kernel' | 'user', pid: number, addresses: readonly StackAddress[]): Promise<string[]> {
    const named = await this.namedFrames(space, pid, addresses);
    return named.map(frame => frameText(space, frame));
  }

  /** One name for each kernel address. Not for stacks, whose outer frames are return addresses. */
  async kernelNames(addresses: readonly bigint[]): Promise<string[]> {
    const named = (await Promise.all(addresses.map(address => this.kernelFrames(address)))).flat();
    return named.map(frame => frameText('kernel', frame));
  }

  /** Reads the kernel's symbols while the tracer runs, so that kernel addresses can be symbolized after it exits. */
  async loadKernelSymbols(): Promise<void> {
    this.kernel ??= this.readKernelSymbols();
    await this.kernel;
  }

  dispose(): void {
    this.disposed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    void this.files?.then(files => files?.dispose());
    this.demangler.dispose();
  }

  private async kernelFrames(address: bigint): Promise<NamedAddress[]> {
    this.kernel ??= this.readKernelSymbols();
    const symbol = (await this.kernel).find(address);
    if (!symbol) return [UNKNOWN];
    return [{ name: await this.demangler.readable(symbol.name), module: symbol.module ?? '' }];
  }

  private async userFrames(pid: number, address: bigint): Promise<NamedAddress[]> {
    const mapping = this.processes.get(pid)?.find(address) ?? null;
    if (!mapping) return [UNKNOWN];
    if (!mapping.path.startsWith('/'))
      return [mapping.path.startsWith('[') ? { name: mapping.path, module: '' } : UNKNOWN];
    return this.namesAt(mapping.path, address - mapping.start + mapping.offset);
  }

  /** Uses the mapped file with that build id; if there is none, the name is the build id, for symbolization elsewhere. */
  private async buildIdFrames(pid: number, buildId: string, offset: bigint): Promise<NamedAddress[]> {
    for (const file of this.processes.get(pid)?.files() ?? []) {
      if ((await this.elves.buildId(file)) === buildId) return this.namesAt(file, offset);
    }
    return [{ name: `[unknown] ${buildId}+0x${offset.toString(16)}`, module: '' }];
  }

  private async namesAt(file: string, offset: bigint): Promise<NamedAddress[]> {
    const module = path.basename(file);
    const unknown = [{ name: `[unknown] ${module}+0x${offset.toString(16)}`, module }];
    const elf = await this.elves.elf(file);
    const address = elf?.addressAt(Number(offset)) ?? null;
    if (address === null) return unknown;
    this.files ??= FileSymbolizer.start();
    const functions = (await (await this.files)?.functions(file, BigInt(address))) ?? [];
    return functions.length > 0
      ? functions.map(name => ({ name: elf?.publicName(name) ?? name, module }))
      : unknown;
  }

  private async readKernelSymbols(): Promise<KernelSymbols> {
    const { blobId } = await this.connection.request('target/read', { what: 'kallsyms' });
    return KernelSymbols.parse(new TextDecoder().decode(this.connection.takeBlob(blobId)));
  }

  /** False when the process has exited or may not be inspected. */
  private async readMaps(pid: number): Promise<boolean> {
    const text = await this.target.processMaps(pid);
    if (text === null || text === '') return false;
    this.mapsOf(pid).add(parseMaps(text));
    return true;
  }
}

/** Name of an unresolved address. */
export const UNKNOWN_NAME = '[unknown]';
const UNKNOWN: NamedAddress = { name: UNKNOWN_NAME, module: '' };

/** A frame as text: a kernel module's name follows its functions in brackets. */
export function frameText(space: 'kernel' | 'user', { name, module }: NamedAddress): string {
  return space === 'kernel' && module !== '' ? `${name} [${module}]` : name;
}
