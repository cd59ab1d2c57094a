/**
 * Queries about the target: functions, tracepoints, its configuration. Only a fixed list of files is read; a client
 * names a piece of information, never a path.
 */

import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { KERNEL_NAME } from '../shared/bpf/section-kinds';
import { systemErrno } from '../shared/errors/system-errno';
import type { TracerParams, TracerResults } from '../shared/protocol/tracer';
import { readFailure, TracerError } from './common/errors';
import { codeSymbols, findFunctions, readInPieces, readWhole, traceableFunctions } from './function-lists';
import { listTracefs, readTracefs, withTracefs } from './tracefs';

type Functions = TracerResults['target/functions']['functions'];
type ReadRequest = TracerParams<'target/read'>;

/** Limit of cached answers; further queries are answered without being cached. */
const MAX_KNOWN = 4096;

type FunctionAnswer = Functions[number];

export class TargetQueries {
  /** Cached answers, valid while the set of loaded modules is unchanged: modules add and remove functions. */
  private known: { readonly modules: string; readonly answers: Map<string, FunctionAnswer> } = {
    modules: '',
    answers: new Map(),
  };

  async functions(names: readonly string[]): Promise<Functions> {
    const modules = (await readModules()).join(' ');
    if (this.known.modules !== modules || this.known.answers.size > MAX_KNOWN)
      this.known = { modules, answers: new Map() };
    const { answers } = this.known;
    const unknown = names.filter(name => !answers.has(name));
    if (unknown.length > 0) for (const answer of await lookUp(unknown)) answers.set(answer.name, answer);
    return names.map(name => answers.get(name) ?? { name, traceable: null, symbol: false });
  }

  async tracepoints(
    names: readonly { readonly category: string; readonly name: string }[],
  ): Promise<boolean[]> {
    const present = await Promise.all(
      names.map(async ({ category, name }) => {
        if (!KERNEL_NAME.test(category) || !KERNEL_NAME.test(name)) return false;
        return (await listTracefs(`events/${category}/${name}`)) !== null;
      }),
    );
    return present;
  }

  /** Throws TracerError 'not-permitted' when the tracer lacks the rights to find out. */
  async perfEvent(event: TracerParams<'target/perf-event'>): Promise<boolean> {
    // Loaded on demand: the bindings load libbpf.
    const { canOpenPerfEvent } = await import('./libbpf/perf-event');
    return canOpenPerfEvent(event.type, BigInt(event.config), BigInt(event.branchSampleType));
  }

  /** Throws TracerError 'not-found' when the target does not have it, 'bad-request' for an invalid name. */
  async read(request: ReadRequest): Promise<Uint8Array> {
    const bytes = await readDescription(request);
    if (bytes) return bytes;
    const of = request.of === undefined ? '' : ` of ${request.of}`;
    throw new TracerError('not-found', `This kernel has no ${request.what}${of}.`);
  }
}

/** A function that ftrace can trace is also a symbol; only the others need a scan of all symbols. */
async function lookUp(names: readonly string[]): Promise<FunctionAnswer[]> {
  const traceable = await findTraceable(names);
  const others = names.filter(name => !traceable?.has(name));
  const symbols =
    others.length === 0
      ? new Set<string>()
      : await findFunctions(codeSymbols(readInPieces('/proc/kallsyms')), others);
  return names.map(name => ({
    name,
    traceable: traceable?.has(name) ?? null,
    symbol: traceable?.has(name) === true || symbols.has(name),
  }));
}

/** null when the list may not be read: tracefs belongs to root, and CAP_BPF and CAP_PERFMON do not grant access. */
async function findTraceable(names: readonly string[]): Promise<ReadonlySet<string> | null> {
  try {
    const found = await withTracefs('available_filter_functions', file =>
      findFunctions(traceableFunctions(readInPieces(file)), names),
    );
    return found ?? new Set();
  } catch (error) {
    if (error instanceof TracerError && error.code === 'not-permitted') return null;
    throw error;
  }
}

async function readModules(): Promise<string[]> {
  const text = await readFile('/proc/modules', 'latin1').catch(() => '');
  return text.split('\n').map(line => line.slice(0, Math.max(0, line.indexOf(' '))));
}

async function readDescription({ what, of }: ReadRequest): Promise<Uint8Array | null> {
  switch (what) {
    case 'btf':
      return ifThere('/sys/kernel/btf/vmlinux', readWhole);
    case 'module-btf':
      return ifThere(`/sys/kernel/btf/${safe(of)}`, readWhole);
    case 'kallsyms':
      return ifThere('/proc/kallsyms', readWhole);
    case 'modules':
      // A kernel without loadable modules does not have this file.
      return (await readIfThere('/proc/modules')) ?? new Uint8Array(0);
    case 'available-filter-functions':
      return withTracefs('available_filter_functions', readWhole);
    case 'tracepoint-list':
      return readTracefs('available_events');
    case 'tracepoint-format': {
      const [category, name, ...rest] = (of ?? '').split('/');
      if (rest.length > 0) throw badName(of);
      return readTracefs(`events/${safe(category)}/${safe(name)}/format`);
    }
    case 'kernel-config':
      return (await unpackedConfig()) ?? readIfThere(`/boot/config-${release()}`);
  }
}

async function unpackedConfig(): Promise<Uint8Array | null> {
  const packed = await readIfThere('/proc/config.gz');
  if (!packed) return null;
  const { gunzipSync } = await import('node:zlib');
  return gunzipSync(packed);
}

function safe(name: string | undefined): string {
  if (name === undefined || !KERNEL_NAME.test(name)) throw badName(name);
  return name;
}

const badName = (name: string | undefined): TracerError =>
  new TracerError('bad-request', `"${name ?? ''}" is not a valid name of a tracepoint or module.`);

const readIfThere = (path: string): Promise<Uint8Array | null> => ifThere(path, file => readFile(file));

async function ifThere<T>(path: string, read: (path: string) => Promise<T>): Promise<T | null> {
  try {
    return await read(path);
  } catch (error) {
    if (systemErrno(error) === 'ENOENT') return null;
    throw readFailure(path, error, 'Start the session again with the capability it needs.');
  }
}
