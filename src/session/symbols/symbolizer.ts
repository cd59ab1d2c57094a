/** Addresses of a session's stacks as names: what is not known stays [unknown], with the file and offset where those are. */
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

/** From soon after its start, when the dynamic linker is at work, to rarely. */
const WATCH_STEPS_MS = [5, 10, 20, 40, 80, 160, 320];

/** Those heard of last; a fork bomb makes more. */
const PROCESSES_KEPT = 16_384;

/** One name of an address. */
export interface NamedAddress {
  /** Function, or what is known in its stead ("[unknown] libc.so.6+0x1234"). */
  readonly name: string;
  /** File name of the library or program, or the kernel module; '' for the kernel proper and where it is not known. */
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
   * Learns what the process maps (and what the processes it creates do), so that its addresses can be named when it is
   * gone. Call it before the process runs. Where the kernel does not tell, the mappings are looked at now and again
   * instead, which misses short-lived processes.
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

  /** The same for a process that runs already: what it has mapped before is read, too. */
  async watchRunningProcess(pid: number, session: Pick<TracingSession, 'watchMappings'>): Promise<void> {
    await this.watchProcess(pid, session);
    await this.readMaps(pid);
  }

  private learn(record: MappingRecord): void {
    if (record.kind === 'mapping') {
      this.mapsOf(record.pid).add([record.mapping]);
      return;
    }
    // Records of two CPUs may arrive in the other order: what the child mapped itself stays on top.
    const parent = this.processes.get(record.parent);
    if (parent) this.mapsOf(record.pid).inherit(parent);
  }

  private mapsOf(pid: number): ProcessMaps {
    const maps = this.processes.get(pid) ?? new ProcessMaps();
    this.processes.set(pid, maps);
    return maps;
  }

  private pollMaps(pid: number, step: number): void {
    // The answer to the last look may come after the end.
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
   * Names of a stack's addresses, innermost first like the stack; functions the compiler inlined into a frame come
   * before it. `pid` is the process on the target that user addresses belong to.
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
        // Frames above the innermost hold return addresses: the call is the instruction before.
        const at = depth === 0 ? address.address : address.address - 1n;
        return space === 'kernel' ? this.kernelFrames(at) : this.userFrames(pid, at);
      }),
    );
    return frames.flat();
  }

  /** The same as text: a kernel module stands in brackets behind its functions. */
  async frames(space: 'kernel' | 'user', pid: number, addresses: readonly StackAddress[]): Promise<string[]> {
    const named = await this.namedFrames(space, pid, addresses);
    return named.map(frame => frameText(space, frame));
  }

  /** Names of kernel addresses as they are, one each: not a stack's, whose outer frames are return addresses. */
  async kernelNames(addresses: readonly bigint[]): Promise<string[]> {
    const named = (await Promise.all(addresses.map(address => this.kernelFrames(address)))).flat();
    return named.map(frame => frameText('kernel', frame));
  }

  /** Reads the kernel's symbols now, while the tracer is there: kernel addresses can then be named after it is gone. */
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

  /** The file with that build id among those the process has mapped, else the build id itself: it can be named elsewhere. */
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

  /** False when the process is gone or may not be looked at. */
  private async readMaps(pid: number): Promise<boolean> {
    const text = await this.target.processMaps(pid);
    if (text === null || text === '') return false;
    this.mapsOf(pid).add(parseMaps(text));
    return true;
  }
}

/** What an address is called that has no name. */
export const UNKNOWN_NAME = '[unknown]';
const UNKNOWN: NamedAddress = { name: UNKNOWN_NAME, module: '' };

/** A frame as one word: a kernel module stands in brackets behind its functions. */
export function frameText(space: 'kernel' | 'user', { name, module }: NamedAddress): string {
  return space === 'kernel' && module !== '' ? `${name} [${module}]` : name;
}
