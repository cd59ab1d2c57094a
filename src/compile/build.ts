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
  /** Absolute, so that line info carries the file's real path. */
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
  readonly deadlineMs: number;
}

export type BuildResult =
  | { readonly ok: true; readonly object: CachedObject }
  | ({ readonly ok: false } & Omit<CachedObject, 'objectHash'>);

/** Attempts with a reduced header, each corrected from the previous attempt's errors, before the full one is used. */
const REDUCED_ATTEMPTS = 3;

/**
 * Deadline for all clang runs of one object together. A typical program takes one to three seconds, ten times as long
 * on an emulated machine; an #include of a FIFO would block forever.
 */
export const CLANG_DEADLINE_MS = 60_000;
/** Address-space limit of a clang run. Compiling against the full vmlinux.h needs less than 400 MiB. */
export const CLANG_MEMORY_BYTES = 2048 * 1024 * 1024;

/** Limit for a source file from which a line is read to repair a header. */
const SOURCE_BYTES = 16 << 20;

/** More build folders than can be in use at the same time. */
const BUILDS_KEPT = 64;

/** Warnings that an incomplete or renamed struct in the reduced header can cause and the full header would not. */
const DOUBTFUL_WARNINGS: ReadonlySet<string> = new Set([
  '-Wvisibility',
  '-Wincompatible-pointer-types',
  '-Wincompatible-function-pointer-types',
]);

interface Attempt {
  readonly ok: boolean;
  /** True if a limit ended clang, so another header would not help. */
  readonly limited: boolean;
  readonly header: HeaderUsed;
  readonly commandLine: readonly string[];
  readonly diagnostics: readonly CompileDiagnostic[];
  readonly output: string;
  readonly objectPath: string;
  readonly dependencies: readonly string[];
}

/** Runs clang with the smallest vmlinux.h that works and stores the object in the cache. */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const builds = join(options.cacheFolder, 'builds');
  await mkdir(builds, { recursive: true });
  await mkdir(join(options.cacheFolder, 'objects'), { recursive: true });
  // Removes what killed processes left behind; folders in use are the newest.
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
      // The source was saved while clang was reading it: unknown which version clang saw.
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

/** A file's hash. A file that has just vanished gets a value that matches no hash, so the object is not found again. */
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
  // If both fail, the reduced header's errors are the program's own; the full header may add name collisions.
  return reduced !== null && problems(reduced) <= problems(full) ? reduced : full;
}

function problems(attempt: Attempt): number {
  const errors = attempt.diagnostics.filter(({ severity }) => severity === 'error').length;
  return errors * 1000 + (attempt.ok ? 0 : 1) + attempt.diagnostics.length;
}

async function neededTypes(runs: ClangRuns, scan: SourceScan, folder: string): Promise<TypeNeeds> {
  const needs = { takenTags: scan.definedTags, takenNames: scan.definedNames };
  if (!scan.needsPreprocessor) return { ...needs, names: scan.names, memberNames: scan.memberNames };
  // `##` creates identifiers that appear in no file: run the preprocessor, with a vmlinux.h that is only an include guard.
  await writeAtomically(join(folder, 'vmlinux.h'), '#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n#endif\n');
  const stdout = await runs.preprocess(folder);
  // Exclude libbpf's helper declarations, which name most of the kernel's types; scan.names has those that are needed.
  const made = readNames(
    stdout.replace(/^static [^;]*\(\*\s*(?:const\s+)?bpf_\w+\)\([^;]*;$/gm, ''),
  ).identifiers;
  return {
    ...needs,
    names: new Set([...scan.names, ...made]),
    memberNames: new Set([...scan.memberNames, ...made]),
  };
}

/** The clang runs for one object; they share one deadline. */
class ClangRuns {
  private readonly deadlineAt: number;

  constructor(
    private readonly options: BuildOptions,
    private readonly folder: string,
  ) {
    this.deadlineAt = performance.now() + options.deadlineMs;
  }

  /** Returns the preprocessed source, up to where clang stopped. */
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
    // Without this, a clang crash would leave a copy of the source in the temporary folder.
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

/** How LLVM (report_bad_alloc_error, lib/Support/ErrorHandling.cpp), C++ and the dynamic linker report running out of memory. */
const OUT_OF_MEMORY =
  /^LLVM ERROR: out of memory|std::bad_alloc|failed to map segment from shared object|Cannot allocate memory/m;

/** The limit that ended clang, as a compile error; null if none did. */
function limitReached({ timedOut, stderr }: ChildResult, deadlineMs: number): CompileDiagnostic | null {
  const error = (message: string): CompileDiagnostic => ({
    ...{ file: '', line: 0, column: 0, flag: '', notes: [], fixits: [] },
    severity: 'error',
    message,
  });
  if (timedOut) {
    const advice = 'look for an #include of a FIFO, or macros that expand without end';
    return error(`clang was stopped after ${deadlineMs / 1000} s: ${advice}`);
  }
  if (!OUT_OF_MEMORY.test(stderr)) return null;
  const advice = 'look for huge arrays, or macros that expand without end';
  return error(`clang exceeded its memory limit of ${CLANG_MEMORY_BYTES / 1024 / 1024} MiB: ${advice}`);
}

function sourceLine(file: string, line: number): string {
  try {
    return readUntrustedFileSync(file, SOURCE_BYTES).toString().split('\n')[line - 1] ?? '';
  } catch {
    return '';
  }
}
