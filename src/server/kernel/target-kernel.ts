/** The kernel used by the server: the source of its BTF, and other information the machine lets any user read. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { release } from 'node:os';
import path from 'node:path';
import { newestCachedBtf } from '../../compile/cached-btf';
import { parseBtf } from '../../shared/btf/btf';
import { exportingModule, moduleNames } from '../../system/kernel-modules';
import { type ImageFunctions, imageBeside, readImageFunctions } from './kernel-image';
import { KernelTypes } from './kernel-types';
import { untraceableFunctions } from './untraceable';

/** Linux puts its own BTF there, readable by every user (Documentation/ABI/testing/sysfs-kernel-btf). */
export const RUNNING_BTF = '/sys/kernel/btf/vmlinux';
const TRACEFS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

export interface TargetKernelOptions {
  /** A BTF file; empty: this kernel's, else the newest one the sandbox VM stored in the cache. */
  readonly btfPath: string;
  readonly cacheFolder: string;
}

export class TargetKernel {
  private readonly symbols = new Map<string, { readonly module: string | null } | null>();
  private kallsyms: Buffer | null | undefined;
  private image: ImageFunctions | null | undefined;
  private noTracing: ReadonlyMap<string, string> | undefined;
  private traceable: ReadonlySet<string> | null | undefined;
  /** Names in the modules of a kernel that is not running; null: they are not known, or not yet. */
  private modules: Buffer | null | undefined;
  private events: Promise<ReadonlyMap<string, readonly string[]> | null> | null = null;
  private tracefsFolder: string | null | undefined;

  /** Called when questions about functions have got better answers. */
  onModulesRead: () => void = () => undefined;

  private constructor(
    readonly types: KernelTypes,
    readonly btfPath: string,
    /** True for the kernel this machine runs, whose symbols and events can be looked up too. */
    readonly isRunning: boolean,
  ) {}

  /** Reads the BTF; null if there is none. Throws if a named file cannot be read or is not BTF. */
  static async open(options: TargetKernelOptions): Promise<TargetKernel | null> {
    const btfPath = options.btfPath !== '' ? options.btfPath : await defaultBtf(options.cacheFolder);
    if (btfPath === null) return null;
    const isRunning = btfPath === RUNNING_BTF;
    // Synchronously: sysfs returns one page per read (fs/kernfs/file.c), and each would go through the thread pool.
    const bytes = readFileSync(btfPath);
    const types = new KernelTypes(parseBtf(bytes), bytes);
    return new TargetKernel(types, btfPath, isRunning);
  }

  /** Reads what the first query about a function would otherwise wait for. */
  prepareFunctions(): void {
    this.whyUntraceable('');
    this.forgetSymbols();
  }

  /**
   * Where the running kernel's symbol table (/proc/kallsyms: names are readable by every user), or that in the image of
   * the sandbox VM's kernel, has the function: module null is the kernel proper. null: nowhere; undefined: there is no
   * table, or one without modules.
   */
  symbol(name: string): { readonly module: string | null } | null | undefined {
    const known = this.symbols.get(name);
    if (known !== undefined) return known;
    const table = this.symbolTable();
    if (!table) return undefined;
    const found = findSymbol(table, name);
    if (!found && !this.isRunning) return this.isInNoModule(name) ? null : undefined;
    this.symbols.set(name, found);
    return found;
  }

  /**
   * Of another kernel, whose modules are on this machine: false while they are still being read, which begins with the first
   * question, and `onModulesRead` reports when that is done.
   */
  private isInNoModule(name: string): boolean {
    if (this.modules === undefined) {
      this.modules = null;
      void this.readModules();
    }
    return this.modules !== null && !this.modules.includes(`\0${name}\0`, 0, 'latin1');
  }

  private async readModules(): Promise<void> {
    for (const folder of this.modulesFolders()) this.modules ??= await moduleNames(folder);
    if (this.modules) this.onModulesRead();
  }

  /**
   * Whether any function matches a kprobe.multi pattern, in which `*` and `?` are wildcards (libbpf.c, glob_match);
   * null: no function with BTF does, and the others are unknown.
   */
  hasMatch(pattern: string): boolean | null {
    const glob = pattern
      .replace(/[^\w*?]/g, '\\$&')
      .replace(/\*+/g, '[\\w.]*')
      .replace(/\?/g, '[\\w.]');
    const whole = new RegExp(`^${glob}$`);
    if (this.types.functions.some(name => whole.test(name))) return true;
    if (!this.isRunning) return null;
    const table = this.symbolTable();
    return table ? new RegExp(` [tTwW] ${glob}[\n\t]`).test(table.toString('latin1')) : null;
  }

  /** Why a function of the target kernel cannot be probed; null: no reason is known. */
  whyUntraceable(name: string): string | null {
    this.noTracing ??= untraceableFunctions(this.symbolTable()?.toString('latin1') ?? '');
    const why = this.noTracing.get(name);
    if (why !== undefined) return why;
    const image = this.imageFunctions();
    return image && !image.traceable.has(name) && findSymbol(image.symbols, name)
      ? 'it was compiled without a place for tracing (marked notrace, in a file built without, or in assembler): neither fentry nor a kprobe can be there'
      : null;
  }

  private symbolTable(): Buffer | null {
    if (!this.isRunning) return this.imageFunctions()?.symbols ?? null;
    // Synchronously: the kernel returns the table one page at a time, and awaiting each would take seconds.
    this.kallsyms ??= readOrNull('/proc/kallsyms');
    return this.kallsyms;
  }

  private imageFunctions(): ImageFunctions | null {
    if (this.image !== undefined) return this.image;
    const file = this.isRunning ? null : imageBeside(this.btfPath);
    this.image = file === null ? null : readImageFunctions(file);
    return this.image;
  }

  /** Names the compiler gave to modified copies of a function: name.isra.0, name.constprop.0; empty without a table. */
  variants(name: string): string[] {
    const table = this.symbolTable();
    return table ? findVariants(table, name) : [];
  }

  /** Frees the running kernel's symbol table, some 10 MB, until it is needed again. */
  forgetSymbols(): void {
    this.kallsyms = undefined;
  }

  /** The module that exports a function, whether it is loaded or not; null where none is known to. */
  exportingModule(name: string): string | null {
    for (const folder of this.modulesFolders()) {
      const module = exportingModule(folder, name);
      if (module !== null) return module;
    }
    return null;
  }

  /** Of the running kernel, or where that of the sandbox VM was unpacked; its BTF's name in the cache begins with the release. */
  private modulesFolders(): string[] {
    if (this.isRunning) return [`/lib/modules/${release()}`];
    const found = /^(.+)-\d+-\d+\.btf$/.exec(path.basename(this.btfPath))?.[1];
    if (found === undefined) return [];
    const kernel = path.join(path.dirname(this.btfPath), '..', 'kernels', found);
    return ['lib', 'usr/lib'].map(lib => path.join(kernel, lib, 'modules', found));
  }

  /** Where libbpf looks for the running kernel's configuration, and whether it is there; null for another kernel. */
  configFiles(): { readonly places: readonly string[]; readonly found: boolean } | null {
    if (!this.isRunning) return null;
    const places = [`/boot/config-${release()}`, '/proc/config.gz'];
    return { places, found: places.some(place => existsSync(place)) };
  }

  hasModuleBtf(module: string): boolean {
    try {
      return this.isRunning && statSync(`/sys/kernel/btf/${module}`).isFile();
    } catch {
      return false;
    }
  }

  /**
   * Whether ftrace can hook the function; null if only root can read tracefs, or this is another kernel whose image is
   * missing or lacks the function (a module may have it).
   */
  isTraceable(name: string): boolean | null {
    if (!this.isRunning) {
      const image = this.imageFunctions();
      if (!image) return null;
      return image.traceable.has(name) || (findSymbol(image.symbols, name) ? false : null);
    }
    if (this.traceable === undefined) this.traceable = readTraceable();
    return this.traceable?.has(name) ?? null;
  }

  /** tracefs events by category, or null if they cannot be read. */
  tracefsEvents(): Promise<ReadonlyMap<string, readonly string[]> | null> {
    this.events ??= this.isRunning ? readEvents() : Promise.resolve(null);
    return this.events;
  }

  /** Whether tracefs has the event; null if it cannot be read. */
  hasTracefsEvent(category: string, name: string): boolean | null {
    if (!this.isRunning) return null;
    if (this.tracefsFolder === undefined) this.tracefsFolder = TRACEFS.find(isReadableEvents) ?? null;
    if (this.tracefsFolder === null) return null;
    try {
      return statSync(path.join(this.tracefsFolder, 'events', category, name)).isDirectory();
    } catch {
      return false;
    }
  }
}

async function defaultBtf(cacheFolder: string): Promise<string | null> {
  if (await isFile(RUNNING_BTF)) return RUNNING_BTF;
  return newestCachedBtf(cacheFolder);
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    found => found.isFile(),
    () => false,
  );
}

function readOrNull(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

/** A line of kallsyms: "ADDRESS TYPE NAME" and "\t[MODULE]" for a module's. */
function findSymbol(table: Buffer, name: string): { readonly module: string | null } | null {
  const wanted = ` ${name}`;
  for (let at = table.indexOf(wanted); at >= 0; at = table.indexOf(wanted, at + 1)) {
    const after = table[at + wanted.length];
    // Newline or tab ends a name; ' t ', ' T ', ' w ', ' W ' before it mark code.
    if (after !== 10 && after !== 9) continue;
    if (!'tTwW'.includes(String.fromCharCode(table[at - 1] ?? 0))) continue;
    if (after === 10) return { module: null };
    const end = table.indexOf(10, at);
    return { module: table.toString('latin1', at + wanted.length + 2, end - 1) };
  }
  return null;
}

function findVariants(table: Buffer, name: string): string[] {
  const found = new Set<string>();
  const wanted = ` ${name}.`;
  for (let at = table.indexOf(wanted); at >= 0; at = table.indexOf(wanted, at + 1)) {
    const isCode = 'tTwW'.includes(String.fromCharCode(table[at - 1] ?? 0));
    const symbol = /^[\w.]+/.exec(table.toString('latin1', at + 1, at + 256))?.[0] ?? '';
    if (isCode && /\.(isra|constprop|part|cold)\b/.test(symbol)) found.add(symbol);
  }
  return [...found];
}

function readTraceable(): ReadonlySet<string> | null {
  for (const folder of TRACEFS) {
    const list = readOrNull(path.join(folder, 'available_filter_functions'));
    if (list)
      return new Set(
        list
          .toString('latin1')
          .split('\n')
          .map(line => line.split(/[ \t]/, 1)[0] ?? ''),
      );
  }
  return null;
}

function isReadableEvents(folder: string): boolean {
  try {
    return statSync(path.join(folder, 'events', 'syscalls')).isDirectory();
  } catch {
    return false;
  }
}

async function readEvents(): Promise<ReadonlyMap<string, readonly string[]> | null> {
  for (const folder of TRACEFS) {
    try {
      const events = path.join(folder, 'events');
      const categories = (await readdir(events, { withFileTypes: true })).filter(entry =>
        entry.isDirectory(),
      );
      const found = new Map<string, readonly string[]>();
      for (const { name } of categories) {
        const entries = await readdir(path.join(events, name), { withFileTypes: true });
        found.set(
          name,
          entries.filter(entry => entry.isDirectory()).map(entry => entry.name),
        );
      }
      if (found.size > 0) return found;
    } catch {
      // Readable by root only, or not mounted: try the next place.
    }
  }
  return null;
}
