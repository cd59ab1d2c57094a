import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../system/child-process';
import type { Clang } from './clang';
import { CompileEnvironmentError } from './environment-error';

/** Node's process.arch -> SRCARCH as libbpf's bpf_tracing.h wants it in __TARGET_ARCH_<arch>. */
const TARGET_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'x86',
  ia32: 'x86',
  arm64: 'arm64',
  arm: 'arm',
  s390x: 's390',
  ppc64: 'powerpc',
  riscv64: 'riscv',
  loong64: 'loongarch',
  mips: 'mips',
  mipsel: 'mips',
};

export interface FlagOptions {
  readonly clang: Clang;
  /** Folder that holds vmlinux.h; null for a source that includes none. */
  readonly vmlinuxFolder: string | null;
  /** Searched first, before the folder of our vmlinux.h: the workspace's own, bpf-templates/include, ... */
  readonly includeFolders: readonly string[];
  /** Folder that holds bpf/bpf_helpers.h, from findLibbpfHeaders. */
  readonly libbpfFolder: string;
  readonly extraFlags?: readonly string[];
  /** Of the machine the program will run on, as process.arch says it. Default: this machine's. */
  readonly architecture?: string;
}

/**
 * The flags a BPF source is compiled with, without input and output; the same serve clangd (see clangdConfiguration).
 * The host's header folders come last (-idirafter): a BPF target has no asm/ headers of its own.
 */
export function compileFlags(options: FlagOptions): string[] {
  const architecture = options.architecture ?? process.arch;
  const flags = [
    '--target=bpf',
    '-g',
    '-O2',
    '-mcpu=v3',
    '-Wall',
    `-D__TARGET_ARCH_${TARGET_ARCHITECTURES[architecture] ?? architecture}`,
  ];
  for (const folder of options.includeFolders) flags.push('-I', folder);
  if (options.vmlinuxFolder !== null) flags.push('-I', options.vmlinuxFolder);
  // A folder clang searches anyway must keep its place in the order.
  if (!options.clang.includeFolders.includes(options.libbpfFolder)) flags.push('-I', options.libbpfFolder);
  for (const folder of options.clang.includeFolders) flags.push('-idirafter', folder);
  flags.push(...(options.extraFlags ?? []));
  return flags;
}

/**
 * A `.clangd` file (YAML) that gives clangd the flags above for BPF sources, and keeps it from indexing vmlinux.h.
 */
export function clangdConfiguration(options: FlagOptions): string {
  const flags = compileFlags(options).map(flag => `    - ${JSON.stringify(flag)}`);
  return [
    'If:',
    '  PathMatch: .*\\.bpf\\.[ch]',
    'CompileFlags:',
    `  Compiler: ${JSON.stringify(options.clang.path)}`,
    '  Add:',
    ...flags,
    '---',
    'If:',
    '  PathMatch: .*vmlinux\\.h',
    'Diagnostics:',
    "  Suppress: '*'",
    'Index:',
    '  Background: Skip',
    '',
  ].join('\n');
}

const PKG_CONFIG_DEADLINE_MS = 10_000;

const libbpfFolders = new Map<string, Promise<string | null>>();

/**
 * The folder F with F/bpf/bpf_helpers.h: `folder` if given, else /usr/include, /usr/local/include or pkg-config's.
 * Throws CompileEnvironmentError 'libbpf-headers-missing'.
 */
export async function findLibbpfHeaders(folder = ''): Promise<string> {
  // Only success is remembered: the headers may be installed while the editor stays open.
  const found = (await libbpfFolders.get(folder)) ?? (await search(folder));
  if (found !== null) {
    libbpfFolders.set(folder, Promise.resolve(found));
    return found;
  }
  throw new CompileEnvironmentError(
    'libbpf-headers-missing',
    folder === ''
      ? 'The headers of libbpf (bpf/bpf_helpers.h) are not installed.'
      : `There is no bpf/bpf_helpers.h in ${folder}.`,
    'sudo apt-get install libbpf-dev',
  );
}

async function search(folder: string): Promise<string | null> {
  if (folder !== '') return (await hasHelpers(folder)) ? folder : null;
  for (const candidate of ['/usr/include', '/usr/local/include']) {
    if (await hasHelpers(candidate)) return candidate;
  }
  try {
    const { code, stdout } = await runChild('compiler', 'pkg-config', ['--variable=includedir', 'libbpf'], {
      deadlineMs: PKG_CONFIG_DEADLINE_MS,
    });
    const candidate = stdout.toString().trim();
    return code === 0 && candidate !== '' && (await hasHelpers(candidate)) ? candidate : null;
  } catch {
    // No pkg-config on this machine: nothing more to ask.
    return null;
  }
}

async function hasHelpers(folder: string): Promise<boolean> {
  try {
    return (await stat(join(folder, 'bpf', 'bpf_helpers.h'))).isFile();
  } catch {
    return false;
  }
}
