import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pruneFolder, writeAtomically } from '../system/cache-files';
import { type ChildResult, runChild } from '../system/child-process';
import { readUntrustedFileSync } from '../system/untrusted-file';
import type { Clang } from './clang';
import { type CompileDiagnostic, DIAGNOSTIC_FLAGS, parseDiagnostics, readableOutput } from './diagnostics';
import { readNames } from './file-names';
import { type Repair, repairNeeds } from './header-repair';
import {
  type CachedObject,
  type HeaderUsed,
  hashFile,
  type ObjectCache,
  parseDependencies,
} from './object-cache';
import type { SourceScan } from './source-scan';
import { type BtfSource, ensureReducedHeader, ensureVmlinuxHeader } from './vmlinux-cache';
import type { TypeNeeds } from './vmlinux-reduce';

export interface BuildOptions {
  /** Absolute: line info then carries the file's real path. */
  readonly sourcePath: string;
  readonly scan: SourceScan;
  readonly btf: BtfSource;
  readonly clang: Clang;
  readonly cacheFolder: string;
  readonly header: 'reduced' | 'full';
  readonly flagsFor: (vmlinuxFolder: string | null) => string[];
  readonly objects: ObjectCache;
  readonly key: string;
  readonly signal: AbortSignal;
  /** Of all runs of clang together. */
  readonly deadlineMs: number;
}

export type BuildResult =
  | { readonly ok: true; readonly object: CachedObject }
  | ({ readonly ok: false } & Omit<CachedObject, 'objectHash'>);

/** Reduced headers tried, each corrected by clang's errors for the one before, until the full one is used. */
const REDUCED_ATTEMPTS = 3;

/**
 * Of all runs of clang for one object together. A usual program takes one to three seconds, an emulated machine ten
 * times as long; an #include of a FIFO would wait for ever.
 */
export const CLANG_DEADLINE_MS = 60_000;
/** Address space of a run. Compiling against the full vmlinux.h takes less than 400 MiB of it. */
export const CLANG_MEMORY_BYTES = 2048 * 1024 * 1024;

/** Of a source whose line is quoted to repair a header. */
const SOURCE_BYTES = 16 << 20;

/** More than can run at the same time. */
const BUILDS_KEPT = 64;

/** Warnings that a struct which is only declared, or bears another name, can cause where the full header would not. */
const DOUBTFUL_WARNINGS: ReadonlySet<string> = new Set([
  '-Wvisibility',
  '-Wincompatible-pointer-types',
  '-Wincompatible-function-pointer-types',
]);

interface Attempt {
  readonly ok: boolean;
  /** True: a limit ended clang, so another header would not help. */
  readonly limited: boolean;
  readonly header: HeaderUsed;
  readonly commandLine: readonly string[];
  readonly diagnostics: readonly CompileDiagnostic[];
  readonly output: string;
  readonly objectPath: string;
  readonly dependencies: readonly string[];
}

/** Runs clang, with as small a vmlinux.h as will do, and puts the object into the cache. */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const builds = join(options.cacheFolder, 'builds');
  await mkdir(builds, { recursive: true });
  await mkdir(join(options.cacheFolder, 'objects'), { recursive: true });
  // What a killed process left behind; those at work now are the newest.
  await pruneFolder(builds, BUILDS_KEPT);
  const folder = await mkdtemp(join(builds, 'build-'));
  try {
    const before = await stamp(options.sourcePath);
    const attempt = await attempts(options, folder);
    const { ok, header, commandLine, diagnostics, output } = attempt;
    if (!ok) return { ok, header, commandLine, diagnostics, output };
    const headers = join(options.cacheFolder, 'headers');
    const files: [string, string][] = [];
    for (const path of attempt.dependencies) {
      if (path.startsWith(`${headers}/`)) continue;
      const now = await stamp(path);
      // Saved while clang was reading it: which of the two it read nobody knows.
      files.push([path, path === options.sourcePath && now !== before ? 'changed' : now]);
    }
    const object = await options.objects.store(options.key, attempt.objectPath, files, {
      header,
      commandLine,
      diagnostics,
      output,
    });
    return { ok: true, object };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file's hash; one that has just vanished gets a hash that nothing has, so that the object is not found again. */
async function stamp(path: string): Promise<string> {
  return (await hashFile(path)) ?? 'gone';
}

async function attempts(options: BuildOptions, folder: string): Promise<Attempt> {
  const { scan } = options;
  const runs = new ClangRuns(options, folder);
  if (scan.vmlinux !== 'ours') return runs.compile(null, scan.vmlinux);
  const withFullHeader = async () =>
    runs.compile(await ensureVmlinuxHeader(options.btf, options.cacheFolder), 'full');
  if (options.header === 'full') return withFullHeader();

  let needs = await neededTypes(runs, scan, folder);
  let reduced: Attempt | null = null;
  for (let count = 0; count < REDUCED_ATTEMPTS; count++) {
    const vmlinuxFolder = await ensureReducedHeader(options.btf, needs, options.cacheFolder);
    reduced = await runs.compile(vmlinuxFolder, 'reduced');
    if (reduced.limited) return reduced;
    if (
      reduced.ok &&
      !reduced.diagnostics.some(({ flag }) => DOUBTFUL_WARNINGS.has(flag.split(',')[0] ?? ''))
    )
      return reduced;
    const repair: Repair = reduced.ok
      ? { kind: 'full' }
      : repairNeeds(await options.btf.load(), needs, reduced.diagnostics, sourceLine);
    if (repair.kind === 'hopeless') return reduced;
    if (repair.kind === 'full') break;
    needs = repair.needs;
  }
  const full = await withFullHeader();
  // Where both fail the reduced header's errors are the program's own; the full one may add collisions to them.
  return reduced !== null && problems(reduced) <= problems(full) ? reduced : full;
}

function problems(attempt: Attempt): number {
  const errors = attempt.diagnostics.filter(({ severity }) => severity === 'error').length;
  return errors * 1000 + (attempt.ok ? 0 : 1) + attempt.diagnostics.length;
}

async function neededTypes(runs: ClangRuns, scan: SourceScan, folder: string): Promise<TypeNeeds> {
  const needs = { takenTags: scan.definedTags, takenNames: scan.definedNames };
  if (!scan.needsPreprocessor) return { ...needs, names: scan.names, memberNames: scan.memberNames };
  // `##` makes identifiers that are in no file: have them made, with a vmlinux.h that has only its guard.
  await writeAtomically(join(folder, 'vmlinux.h'), '#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n#endif\n');
  const stdout = await runs.preprocess(folder);
  // Without libbpf's list of helpers, which names most of the kernel; what its types are needed for is in scan.names.
  const made = readNames(
    stdout.replace(/^static [^;]*\(\*\s*(?:const\s+)?bpf_\w+\)\([^;]*;$/gm, ''),
  ).identifiers;
  return {
    ...needs,
    names: new Set([...scan.names, ...made]),
    memberNames: new Set([...scan.memberNames, ...made]),
  };
}

/** The runs of clang for one object; they share one deadline. */
class ClangRuns {
  private readonly deadlineAt: number;

  constructor(
    private readonly options: BuildOptions,
    private readonly folder: string,
  ) {
    this.deadlineAt = performance.now() + options.deadlineMs;
  }

  /** The source after the preprocessor, as far as clang got. */
  async preprocess(vmlinuxFolder: string): Promise<string> {
    const { stdout } = await this.run([
      ...this.options.flagsFor(vmlinuxFolder),
      ...['-E', '-P', '-w', this.options.sourcePath],
    ]);
    return stdout.toString();
  }

  async compile(vmlinuxFolder: string | null, header: HeaderUsed): Promise<Attempt> {
    const { clang, flagsFor, sourcePath } = this.options;
    const objectPath = join(this.folder, `${header}.o`);
    const dependencyPath = join(this.folder, `${header}.d`);
    const args = [...flagsFor(vmlinuxFolder), '-c', sourcePath];
    // A crash would otherwise leave a copy of the source in the folder for temporary files.
    const forUs = [...DIAGNOSTIC_FLAGS, '-fno-crash-diagnostics', '-MD', '-MF', dependencyPath];
    const result = await this.run([...args, ...forUs, '-o', objectPath]);
    const ok = result.code === 0;
    const limit = ok ? null : limitReached(result, this.options.deadlineMs);
    const diagnostics = parseDiagnostics(result.stderr);
    return {
      ok,
      limited: limit !== null,
      header,
      commandLine: [clang.path, ...args],
      diagnostics: limit === null ? diagnostics : [...diagnostics, limit],
      output: limit === null ? readableOutput(result.stderr) : `error: ${limit.message}\n`,
      objectPath,
      dependencies: ok ? parseDependencies(await readFile(dependencyPath, 'utf8')) : [],
    };
  }

  private run(args: readonly string[]): Promise<ChildResult> {
    return runChild('compiler', this.options.clang.path, args, {
      cwd: dirname(this.options.sourcePath),
      signal: this.options.signal,
      deadlineMs: Math.max(1, this.deadlineAt - performance.now()),
      memoryBytes: CLANG_MEMORY_BYTES,
    });
  }
}

/** How LLVM (report_bad_alloc_error, lib/Support/ErrorHandling.cpp), C++ and the dynamic linker report it. */
const OUT_OF_MEMORY =
  /^LLVM ERROR: out of memory|std::bad_alloc|failed to map segment from shared object|Cannot allocate memory/m;

/** Which limit ended clang, as an error of the compile; null when none did. */
function limitReached({ timedOut, stderr }: ChildResult, deadlineMs: number): CompileDiagnostic | null {
  const error = (message: string): CompileDiagnostic => ({
    ...{ file: '', line: 0, column: 0, flag: '', notes: [], fixits: [] },
    severity: 'error',
    message,
  });
  if (timedOut) {
    const advice = 'look for an #include of a FIFO, or macros that expand without end';
    return error(`clang had not finished after ${deadlineMs / 1000} s and was ended: ${advice}`);
  }
  if (!OUT_OF_MEMORY.test(stderr)) return null;
  const advice = 'look for huge arrays, or macros that expand without end';
  return error(
    `clang needed more than ${CLANG_MEMORY_BYTES / 1024 / 1024} MiB of memory and was ended: ${advice}`,
  );
}

function sourceLine(file: string, line: number): string {
  try {
    return readUntrustedFileSync(file, SOURCE_BYTES).toString().split('\n')[line - 1] ?? '';
  } catch {
    return '';
  }
}
