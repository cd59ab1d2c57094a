import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lexC } from './c-lexer';
import { pruneFolder, writeAtomically } from './cache-files';
import type { Clang } from './clang';
import { type CompileDiagnostic, DIAGNOSTIC_FLAGS, parseDiagnostics, readableOutput } from './diagnostics';
import { type Repair, repairNeeds } from './header-repair';
import {
  type CachedObject,
  type HeaderUsed,
  hashFile,
  type ObjectCache,
  parseDependencies,
} from './object-cache';
import { runProcess } from './run-process';
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
}

export type BuildResult =
  | { readonly ok: true; readonly object: CachedObject }
  | ({ readonly ok: false } & Omit<CachedObject, 'objectHash'>);

/** Reduced headers tried, each corrected by what clang said of the one before, until the full one is used. */
const REDUCED_ATTEMPTS = 3;

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
  if (scan.vmlinux !== 'ours') return runClang(options, folder, null, scan.vmlinux);
  if (options.header === 'full') return withFullHeader(options, folder);

  let needs = await neededTypes(options, folder);
  let reduced: Attempt | null = null;
  for (let count = 0; count < REDUCED_ATTEMPTS; count++) {
    const vmlinuxFolder = await ensureReducedHeader(options.btf, needs, options.cacheFolder);
    reduced = await runClang(options, folder, vmlinuxFolder, 'reduced');
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
  const full = await withFullHeader(options, folder);
  // Where both fail the reduced header's errors are the program's own; the full one may add collisions to them.
  return reduced !== null && problems(reduced) <= problems(full) ? reduced : full;
}

async function withFullHeader(options: BuildOptions, folder: string): Promise<Attempt> {
  return runClang(options, folder, await ensureVmlinuxHeader(options.btf, options.cacheFolder), 'full');
}

function problems(attempt: Attempt): number {
  const errors = attempt.diagnostics.filter(({ severity }) => severity === 'error').length;
  return errors * 1000 + (attempt.ok ? 0 : 1) + attempt.diagnostics.length;
}

async function neededTypes(options: BuildOptions, folder: string): Promise<TypeNeeds> {
  const { scan } = options;
  const needs = { takenTags: scan.definedTags, takenNames: scan.definedNames };
  if (!scan.needsPreprocessor) return { ...needs, names: scan.names, memberNames: scan.memberNames };
  // `##` makes identifiers that are in no file: have them made, with a vmlinux.h that has only its guard.
  await writeAtomically(join(folder, 'vmlinux.h'), '#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n#endif\n');
  const argv = [...options.flagsFor(folder), '-E', '-P', '-w', options.sourcePath];
  const { stdout } = await runProcess([options.clang.path, ...argv], {
    cwd: dirname(options.sourcePath),
    signal: options.signal,
  });
  // Without libbpf's list of helpers, which names most of the kernel; what its types are needed for is in scan.names.
  const made = lexC(stdout.replace(/^static [^;]*\(\*\s*(?:const\s+)?bpf_\w+\)\([^;]*;$/gm, '')).identifiers;
  return {
    ...needs,
    names: new Set([...scan.names, ...made]),
    memberNames: new Set([...scan.memberNames, ...made]),
  };
}

async function runClang(
  options: BuildOptions,
  folder: string,
  vmlinuxFolder: string | null,
  header: HeaderUsed,
): Promise<Attempt> {
  const objectPath = join(folder, `${header}.o`);
  const dependencyPath = join(folder, `${header}.d`);
  const commandLine: [string, ...string[]] = [
    options.clang.path,
    ...options.flagsFor(vmlinuxFolder),
    '-c',
    options.sourcePath,
  ];
  const forUs = [...DIAGNOSTIC_FLAGS, '-MD', '-MF', dependencyPath, '-o', objectPath];
  const result = await runProcess([...commandLine, ...forUs], {
    cwd: dirname(options.sourcePath),
    signal: options.signal,
  });
  const ok = result.code === 0;
  return {
    ok,
    header,
    commandLine,
    diagnostics: parseDiagnostics(result.stderr),
    output: readableOutput(result.stderr),
    objectPath,
    dependencies: ok ? parseDependencies(await readFile(dependencyPath, 'utf8')) : [],
  };
}

function sourceLine(file: string, line: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1] ?? '';
  } catch {
    return '';
  }
}
