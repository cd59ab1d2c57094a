import { stat } from 'node:fs/promises';
import type { Fix } from '../shared/errors/workbench-error';
import { runChild } from '../system/child-process';
import { findExecutable, pathFolders } from '../system/find-executable';
import { CompileEnvironmentError, INSTALL_COMMAND } from './environment-error';

/** The oldest supported clang: the first that writes BTF decl tags (`btf_decl_tag`, LLVM 14.0.0 release notes). */
export const OLDEST_CLANG = 14;
const NEWEST_NAMED_CLANG = 22;

export interface Clang {
  readonly path: string;
  readonly major: number;
  /** First line of `clang --version`; part of every cache key. */
  readonly version: string;
  /** The folders clang searches for <...> headers of the host, in order: its own, /usr/include/<multiarch> for asm/, ... */
  readonly includeFolders: readonly string[];
}

export interface FindClangOptions {
  /** The `bpfWorkbench.clang` setting: a path, or a name looked up on PATH. Empty: search. */
  readonly setting?: string;
  readonly env?: NodeJS.ProcessEnv;
}

type Probe =
  | { readonly clang: Clang }
  | { readonly problem: 'too-old' | 'no-bpf' | 'broken'; readonly text: string };
const probes = new Map<string, Promise<Probe>>();

/**
 * Finds the clang to compile with: the setting if there is one, else `clang` on PATH, else the newest of clang-22 …
 * clang-14. Each binary is probed once per path and modification time.
 *
 * Throws CompileEnvironmentError: 'clang-missing' if none is found or none compiles for BPF, 'clang-too-old' if all
 * found are older than 14.
 */
export async function findClang(options: FindClangOptions = {}): Promise<Clang> {
  const env = options.env ?? process.env;
  const setting = options.setting?.trim() ?? '';
  const names = setting === '' ? defaultNames() : [setting];
  const problems: { readonly path: string; readonly problem: string; readonly text: string }[] = [];
  for (const name of names) {
    const path = await findExecutable(name, pathFolders(env));
    if (path === null) continue;
    const probe = await probeOnce(path);
    if ('clang' in probe) return probe.clang;
    problems.push({ path, ...probe });
  }
  const found = problems[0];
  const fix: Fix =
    setting === ''
      ? { command: INSTALL_COMMAND }
      : { text: `Correct the clang setting, or: ${INSTALL_COMMAND}` };
  if (found === undefined) {
    const where = setting === '' ? 'on PATH' : `at "${setting}"`;
    throw new CompileEnvironmentError('clang-missing', `clang was not found ${where}.`, fix);
  }
  if (problems.every(({ problem }) => problem === 'too-old')) {
    throw new CompileEnvironmentError(
      'clang-too-old',
      `${found.path} is ${found.text}; BPF programs need clang ${OLDEST_CLANG} or newer.`,
      fix,
    );
  }
  throw new CompileEnvironmentError('clang-missing', `${found.path} cannot be used: ${found.text}.`, fix);
}

function defaultNames(): string[] {
  const names = ['clang'];
  for (let major = NEWEST_NAMED_CLANG; major >= OLDEST_CLANG; major--) names.push(`clang-${major}`);
  return names;
}

async function probeOnce(path: string): Promise<Probe> {
  const { mtimeMs, size } = await stat(path);
  const key = `${path}\0${mtimeMs}\0${size}`;
  const known = probes.get(key);
  if (known) return known;
  const probe = probeClang(path);
  probes.set(key, probe);
  return probe;
}

const PROBE_DEADLINE_MS = 20_000;

function ask(path: string, args: readonly string[]) {
  return runChild('compiler', path, args, { deadlineMs: PROBE_DEADLINE_MS, extraEnv: { LC_ALL: 'C' } });
}

async function probeClang(path: string): Promise<Probe> {
  try {
    const [version, targets, search] = await Promise.all([
      ask(path, ['--version']),
      ask(path, ['--print-targets']),
      ask(path, ['-E', '-v', '-x', 'c', '/dev/null']),
    ]);
    const line = version.stdout.toString().split('\n', 1)[0] ?? '';
    const major = parseClangMajor(line);
    if (version.code !== 0 || major === null)
      return { problem: 'broken', text: 'its --version does not name a clang' };
    if (major < OLDEST_CLANG) return { problem: 'too-old', text: `clang ${major}` };
    if (!/^\s*bpf(el)?\s/m.test(targets.stdout.toString()))
      return { problem: 'no-bpf', text: 'it was built without the BPF target' };
    return { clang: { path, major, version: line, includeFolders: parseIncludeSearch(search.stderr) } };
  } catch (error) {
    return { problem: 'broken', text: error instanceof Error ? error.message : String(error) };
  }
}

/** The major version in the first line of `clang --version`, e.g. "Debian clang version 16.0.6 (15~deb12u1)"; else null. */
export function parseClangMajor(line: string): number | null {
  const match = /\bclang version (\d+)\.\d+/.exec(line);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** The folders between "#include <...> search starts here:" and "End of search list." of `clang -v -E`. */
export function parseIncludeSearch(stderr: string): string[] {
  const list =
    /#include <\.\.\.> search starts here:\n([\s\S]*?)End of search list\./.exec(stderr)?.[1] ?? '';
  return list
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.endsWith('(framework directory)'));
}
