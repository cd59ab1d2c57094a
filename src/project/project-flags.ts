/** The one place that decides with which flags of its project a program is compiled, and says why. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { targetArchitecture } from '../compile/flags';
import { fromBpf2go } from './bpf2go';
import { fromCargo } from './cargo';
import { fromClangd } from './clangd';
import { fromCmake } from './cmake';
import { fromCompileCommands, fromCompileFlags } from './compile-commands';
import { projectFolders } from './files';
import { type DroppedFlag, includeFoldersOf, sortFlags } from './flag-words';
import { fromKernelTree } from './kernel-tree';
import { fromMake } from './make';
import { fromMeson } from './meson';
import { FLAG_SOURCES, type FlagSource, type Program, type Reading } from './model';
import { projectLibbpf } from './project-libbpf';

/** Flags that the user gives, in settings or on the command line: they come last. The same list says which are taken. */
export interface GivenFlags {
  /** Absolute, or relative to `folder`. */
  readonly includePaths: readonly string[];
  /** NAME or NAME=VALUE. */
  readonly defines: readonly string[];
  readonly compileFlags: readonly string[];
  /** What relative include paths are relative to: the workspace folder, the current folder. */
  readonly folder: string;
}

/** auto: the first source that has flags; none: no file of the project is read. */
export type WantedSource = FlagSource | 'auto' | 'none';

export interface ProjectFlags {
  /** The given folders, the project's flags, the other given flags. */
  readonly flags: readonly string[];
  /** The project's own libbpf headers; null: the system's. */
  readonly libbpfFolder: string | null;
  readonly from: FlagSource | null;
  /** The file they come from; null if there is none. */
  readonly file: string | null;
  /** Another program whose flags these are. */
  readonly sibling: string | null;
  readonly dropped: readonly DroppedFlag[];
  /** Files that might have had flags, and why they were not used. */
  readonly unused: readonly { readonly file: string; readonly why: string }[];
  /** Null for a source in a folder that everybody may write: nothing there is read. */
  readonly root: string | null;
}

export interface ProjectRequest {
  readonly source: string;
  readonly wanted: WantedSource;
  readonly given: GivenFlags;
  /** Whether make may be started on the project's makefiles: the user trusts the workspace. */
  readonly mayRunMake: boolean;
  readonly cacheFolder: string;
  /** process.arch of the target. */
  readonly architecture?: string;
}

const READERS: Readonly<Record<FlagSource, (program: Program) => Promise<Reading>>> = {
  'compile_commands.json': fromCompileCommands,
  '.clangd': fromClangd,
  'compile_flags.txt': fromCompileFlags,
  make: fromMake,
  cmake: fromCmake,
  meson: fromMeson,
  bpf2go: fromBpf2go,
  cargo: fromCargo,
  kernel: fromKernelTree,
};

const MACHINES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ppc64: 'ppc64le',
  loong64: 'loongarch64',
};

/** Finds the program's flags. What cannot be read is not an error but part of the answer. Rejects if the source is missing. */
export async function projectFlags(request: ProjectRequest): Promise<ProjectFlags> {
  const source = await realpath(request.source);
  const above = request.wanted === 'none' ? [path.dirname(source)] : await projectFolders(source);
  const root = above.at(-1) ?? null;
  const architecture = request.architecture ?? process.arch;
  const program: Program = {
    ...{ source, folders: above, root: root ?? path.dirname(source), cacheFolder: request.cacheFolder },
    kernelArch: targetArchitecture(architecture),
    machine: MACHINES[architecture] ?? architecture,
  };
  const unused: { file: string; why: string }[] = [];
  let found: Pick<ProjectFlags, 'flags' | 'dropped' | 'from' | 'file' | 'sibling'> = {
    ...{ flags: [], dropped: [], from: null, file: null, sibling: null },
  };
  for (const from of FLAG_SOURCES) {
    if (request.wanted !== 'auto' && request.wanted !== from) continue;
    const reading = await read(from, program, request.mayRunMake);
    if (reading === null) continue;
    if ('unused' in reading) unused.push({ file: reading.file, why: reading.unused });
    else {
      const { kept, dropped } = await sortFlags(reading.words, reading.folder);
      found = { flags: kept, dropped, from, file: reading.file, sibling: reading.sibling ?? null };
      break;
    }
  }
  const { includePaths, defines, compileFlags, folder } = request.given;
  const folders = includePaths.flatMap(each => ['-I', each]);
  const given = [...defines.map(define => `-D${define}`), ...compileFlags];
  const [first, last] = [await sortFlags(folders, folder), await sortFlags(given, folder)];
  const flags = [...first.kept, ...found.flags, ...last.kept];
  const dropped = [...first.dropped, ...found.dropped, ...last.dropped];
  const libbpfFolder =
    request.wanted === 'none' || root === null ? null : await projectLibbpf(program, includeFoldersOf(flags));
  return { ...found, flags, dropped, libbpfFolder, unused, root };
}

async function read(from: FlagSource, program: Program, mayRunMake: boolean): Promise<Reading> {
  if (from === 'make' && !mayRunMake) return null;
  return READERS[from](program);
}

/** One line: what the flags are taken from. */
export function flagsSummary({
  from,
  file,
  sibling,
  flags,
  root,
  dropped,
  libbpfFolder,
}: ProjectFlags): string {
  const where =
    from === null || file === null
      ? 'no build file of a project has flags for it'
      : `${path.relative(root ?? '/', file) || file}${from === 'make' ? ' (dry run of make)' : ''}${sibling === null ? '' : `, as for ${sibling}`}`;
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const left = dropped.length === 0 ? '' : `, ${dropped.length} left out`;
  const own = libbpfFolder === null ? '' : "; the project's libbpf headers";
  return `flags: ${where}: ${count(flags.filter(flag => flag.startsWith('-')).length, 'flag')}${left}${own}`;
}

/** Everything about the choice: each flag, what was left out and why, which files were not used. */
export function flagsExplained(project: ProjectFlags): string[] {
  return [
    flagsSummary(project),
    ...oneLineEach(project.flags).map(flag => `  ${flag}`),
    ...(project.libbpfFolder === null ? [] : [`  libbpf headers: ${project.libbpfFolder}`]),
    ...project.dropped.map(({ flag, why }) => `  left out: ${flag}: ${why}`),
    ...project.unused.map(
      ({ file, why }) => `  not used: ${path.relative(project.root ?? '/', file)}: ${why}`,
    ),
  ];
}

/** Joins a flag with the value that follows it. */
function oneLineEach(flags: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of flags) {
    if (word.startsWith('-') || lines.length === 0) lines.push(word);
    else lines[lines.length - 1] += ` ${word}`;
  }
  return lines;
}
