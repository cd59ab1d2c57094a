import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../system/child-process';
import type { Clang } from './clang';
import { CompileEnvironmentError } from './environment-error';

/** Node's process.arch -> SRCARCH as libbpf's bpf_tracing.h expects it in __TARGET_ARCH_<arch>. */
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

/** An architecture by process.arch as the kernel's arch/ folder and __TARGET_ARCH_<arch> name it. */
export function targetArchitecture(architecture: string): string {
  return TARGET_ARCHITECTURES[architecture] ?? architecture;
}

export interface FlagOptions {
  readonly clang: Clang;
  /** Folder that contains vmlinux.h; null for a source that does not include it. */
  readonly vmlinuxFolder: string | null;
  /** Searched before the folder of the generated vmlinux.h: bpf-templates/include, ... */
  readonly includeFolders: readonly string[];
  /** Folder that contains bpf/bpf_helpers.h, from findLibbpfHeaders. */
  readonly libbpfFolder: string;
  /** Before all folders, so that the headers of a project win. */
  readonly extraFlags?: readonly string[];
  /** process.arch of the machine the program will run on. Default: this machine's. */
  readonly architecture?: string;
}

/**
 * The flags a BPF source is compiled with, without input and output; clangd uses the same (see clangdConfiguration).
 * The host's header folders come last (-idirafter), because a BPF target has no asm/ headers of its own.
 */
export function compileFlags(options: FlagOptions): string[] {
  const architecture = options.architecture ?? process.arch;
  const flags = [
    '--target=bpf',
    '-g',
    '-O2',
    '-mcpu=v3',
    '-Wall',
    `-D__TARGET_ARCH_${targetArchitecture(architecture)}`,
  ];
  flags.push(...(options.extraFlags ?? []));
  for (const folder of options.includeFolders) flags.push('-I', folder);
  if (options.vmlinuxFolder !== null) flags.push('-I', options.vmlinuxFolder);
  // A folder that clang searches by default must keep its place in the order.
  if (!options.clang.includeFolders.includes(options.libbpfFolder)) flags.push('-I', options.libbpfFolder);
  for (const folder of options.clang.includeFolders) flags.push('-idirafter', folder);
  return flags;
}

/**
 * Returns a `.clangd` file (YAML) that gives clangd these flags for BPF sources and excludes vmlinux.h from its index.
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
 * Returns the folder F with F/bpf/bpf_helpers.h: `folder` if given, else /usr/include, /usr/local/include or the one
 * from pkg-config. Throws CompileEnvironmentError 'libbpf-headers-missing'.
 */
export async function findLibbpfHeaders(folder = ''): Promise<string> {
  // Only success is cached: the headers may be installed while the editor is open.
  const found = (await libbpfFolders.get(folder)) ?? (await search(folder));
  if (found !== null) {
    libbpfFolders.set(folder, Promise.resolve(found));
    return found;
  }
  throw new CompileEnvironmentError(
    'libbpf-headers-missing',
    folder === ''
      ? 'The libbpf headers (bpf/bpf_helpers.h) are not installed.'
      : `bpf/bpf_helpers.h was not found in ${folder}.`,
    { command: 'sudo apt-get install libbpf-dev' },
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
    // pkg-config is not installed.
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
