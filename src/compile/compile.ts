import { resolve } from 'node:path';
import { type BuildOptions, type BuildResult, build, CLANG_DEADLINE_MS } from './build';
import type { Clang } from './clang';
import type { CompileDiagnostic } from './diagnostics';
import { compileFlags, findLibbpfHeaders } from './flags';
import { type HeaderUsed, inputKey, ObjectCache } from './object-cache';
import { projectHeaderProblem } from './project-header';
import { scanSource } from './source-scan';
import type { BtfSource } from './vmlinux-cache';

export interface CompileRequest {
  readonly sourcePath: string;
  /** BTF of the target kernel; loaded only if something has to be compiled. */
  readonly btf: BtfSource;
  readonly clang: Clang;
  /** Path to write the object to. Default: it stays in the cache. */
  readonly outputPath?: string;
  /** See defaultCacheFolder. */
  readonly cacheFolder: string;
  readonly includeFolders?: readonly string[];
  readonly extraFlags?: readonly string[];
  /** Folder with bpf/bpf_helpers.h; if '' or missing, findLibbpfHeaders searches for it. */
  readonly libbpfFolder?: string;
  /** process.arch of the target. Default: this machine's. */
  readonly architecture?: string;
  /** 'full': never reduce vmlinux.h. Default: reduced first, full if the reduced header does not work. */
  readonly header?: 'reduced' | 'full';
  /** Deadline for all clang runs; default CLANG_DEADLINE_MS. Exceeding it is reported as an error in the program. */
  readonly deadlineMs?: number;
  /** Aborts this call with an AbortError; clang is killed once no other caller waits for it. */
  readonly signal?: AbortSignal;
  /** Receives the command line and clang's output as text once clang has exited (immediately for a cached object). */
  readonly onOutput?: (text: string) => void;
}

interface CompileReport {
  readonly diagnostics: readonly CompileDiagnostic[];
  /** clang's output in readable form. */
  readonly output: string;
  /** The argv that builds this object, run in the source's folder, without our flags for diagnostics and dependencies. */
  readonly commandLine: readonly string[];
  readonly durationMs: number;
  /** True if clang was not run. */
  readonly cached: boolean;
  readonly header: HeaderUsed;
}

export type CompileResult = CompileReport &
  (
    | {
        readonly ok: true;
        readonly objectPath: string;
        /** SHA-256 of the object file, in hex. */
        readonly objectHash: string;
      }
    | { readonly ok: false; readonly objectPath: null }
  );

interface Shared {
  readonly result: Promise<BuildResult>;
  readonly stop: AbortController;
  waiting: number;
}

const running = new Map<string, Shared>();

/**
 * Compiles a BPF source to an object, or returns the cached object for the same source, headers, clang, flags and BTF.
 * Errors in the program are part of the result. Rejects with CompileEnvironmentError 'libbpf-headers-missing', with the
 * system's error if the source or the cache cannot be read or written, and with an AbortError on `signal`.
 */
export async function compile(request: CompileRequest): Promise<CompileResult> {
  const started = performance.now();
  request.signal?.throwIfAborted();
  const sourcePath = resolve(request.sourcePath);
  const libbpfFolder = await findLibbpfHeaders(request.libbpfFolder);
  const includeFolders = (request.includeFolders ?? []).map(folder => resolve(folder));
  const extraFlags = request.extraFlags ?? [];
  const scan = await scanSource({
    sourcePath,
    includeFolders,
    libbpfFolder,
    systemFolders: request.clang.includeFolders,
    extraFlags,
  });
  const header = request.header ?? 'reduced';
  const flagsFor = (vmlinuxFolder: string | null): string[] =>
    compileFlags({
      clang: request.clang,
      vmlinuxFolder,
      includeFolders,
      libbpfFolder,
      extraFlags,
      ...(request.architecture === undefined ? {} : { architecture: request.architecture }),
    });
  const key = inputKey([
    sourcePath,
    request.clang.path,
    request.clang.version,
    header,
    scan.vmlinux,
    scan.vmlinux === 'ours' ? request.btf.id : '',
    ...flagsFor(null),
  ]);
  const objects = new ObjectCache(request.cacheFolder);

  const cached = await objects.find(key);
  request.signal?.throwIfAborted();
  const built: BuildResult =
    cached !== null
      ? { ok: true, object: cached }
      : await share(`${request.cacheFolder}\0${key}\0${scan.contentHash}`, request.signal, signal =>
          build({ sourcePath, scan, header, flagsFor, objects, key, signal, ...requestPart(request) }),
        );
  const outcome = built.ok ? built.object : built;
  const place = request.outputPath ?? (built.ok ? objects.objectPath(built.object.objectHash) : undefined);
  const commandLine = [...outcome.commandLine, ...(place === undefined ? [] : ['-o', resolve(place)])];
  const advice =
    built.ok || scan.vmlinux !== 'own'
      ? null
      : await projectHeaderProblem(sourcePath, includeFolders, request.architecture ?? process.arch);
  const output = advice
    ? `${outcome.output}${sourcePath}:${advice.line}: ${advice.message}\n`
    : outcome.output;
  request.onOutput?.(`${shellText(commandLine)}\n${output}`);
  const report: CompileReport = {
    diagnostics: advice ? [advice, ...outcome.diagnostics] : outcome.diagnostics,
    output,
    commandLine,
    header: outcome.header,
    durationMs: performance.now() - started,
    cached: cached !== null,
  };
  if (!built.ok) return { ...report, ok: false, objectPath: null };
  const { objectHash } = built.object;
  if (request.outputPath !== undefined) await objects.copyTo(objectHash, resolve(request.outputPath));
  return {
    ...report,
    durationMs: performance.now() - started,
    ok: true,
    objectPath:
      request.outputPath === undefined ? objects.objectPath(objectHash) : resolve(request.outputPath),
    objectHash,
  };
}

function requestPart(
  request: CompileRequest,
): Pick<BuildOptions, 'btf' | 'clang' | 'cacheFolder' | 'deadlineMs'> {
  const { btf, clang, cacheFolder, deadlineMs = CLANG_DEADLINE_MS } = request;
  return { btf, clang, cacheFolder, deadlineMs };
}

/** Shares one run between concurrent callers with the same input; it is aborted only when all of them have left. */
async function share(
  key: string,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<BuildResult>,
): Promise<BuildResult> {
  let shared = running.get(key);
  if (!shared) {
    const stop = new AbortController();
    const result = run(stop.signal).finally(() => {
      if (running.get(key) === shared) running.delete(key);
    });
    // All callers may have left when it fails.
    result.catch(() => undefined);
    shared = { result, stop, waiting: 0 };
    running.set(key, shared);
  }
  const { result, stop } = shared;
  const joined = shared;
  joined.waiting++;
  let leave: () => void = () => undefined;
  try {
    if (!signal) return await result;
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    return await Promise.race([result, left]);
  } finally {
    signal?.removeEventListener('abort', leave);
    joined.waiting--;
    if (joined.waiting === 0) {
      // A new caller must not join a run that is being aborted.
      if (running.get(key) === joined) running.delete(key);
      stop.abort();
    }
  }
}

/** Formats an argv as a command line for a shell. */
export function shellText(argv: readonly string[]): string {
  return argv
    .map(arg => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
