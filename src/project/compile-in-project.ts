/** Compiles a program with the flags of its project; headers that are missing are looked for in the project. */
import { realpath } from 'node:fs/promises';
import { type CompileRequest, type CompileResult, compile } from '../compile/compile';
import { findLibbpfHeaders, targetArchitecture } from '../compile/flags';
import type { BtfSource } from '../compile/vmlinux-cache';
import { vmlinuxNames } from '../compile/vmlinux-names';
import type { GivenTypes } from './given-types';
import { foldersWith, missingHeader, systemFolderWith } from './header-folders';
import { newerMacros, newerMembers } from './newer-headers';
import { type ProjectFlags, type ProjectRequest, projectFlags } from './project-flags';

export interface ProjectCompileRequest extends Omit<CompileRequest, 'extraFlags' | 'libbpfFolder'> {
  readonly project: Pick<ProjectRequest, 'wanted' | 'given' | 'mayRunMake'>;
  /** Kernel types instead of the target's, from readGivenTypes. */
  readonly types?: GivenTypes | null;
  /** Receives the choice of flags before clang runs. */
  readonly onFlags?: (flags: ProjectFlags) => void;
  /**
   * Decides about a header that clang did not find: which of the folders to search from now on, null for none. `folders`:
   * those of the project that have it, nearest first; at least one.
   */
  chooseFolder(header: string, folders: readonly string[]): Promise<string | null> | string | null;
}

export interface ProjectCompile {
  readonly result: CompileResult;
  readonly flags: ProjectFlags;
  /** Folders that chooseFolder added. */
  readonly added: readonly string[];
}

/** clang stops at the first header that is missing, so each takes a run. */
const MOST_HEADERS = 16;

/**
 * The C library's headers include this one, which only 32-bit development packages have, unless the host's architecture is
 * defined; clang defines none for BPF. Projects and the kernel's own build define it then.
 */
const STUBS = 'gnu/stubs-32.h';
const HOST = '-D__x86_64__';

/** Throws what `compile` and `projectFlags` throw. */
export async function compileInProject(request: ProjectCompileRequest): Promise<ProjectCompile> {
  const { project, onFlags, chooseFolder, types = null, ...rest } = request;
  const { architecture, cacheFolder, clang } = request;
  const flags = await projectFlags({
    ...project,
    ...{ source: request.sourcePath, cacheFolder },
    ...(architecture === undefined ? {} : { architecture }),
  });
  onFlags?.(flags);
  const libbpfFolder = await findLibbpfHeaders(flags.libbpfFolder ?? '');
  const system = await findLibbpfHeaders().catch(() => libbpfFolder);
  const btf = types !== null && 'btf' in types ? types.btf : request.btf;
  const givenHeader = types !== null && 'folder' in types ? ['-I', types.folder] : [];
  const added: string[] = [];
  const host: string[] = [];
  for (;;) {
    const result = await compile({
      ...rest,
      ...{ btf, libbpfFolder },
      extraFlags: [...givenHeader, ...flags.flags, ...added.flatMap(folder => ['-I', folder]), ...host],
    });
    const header = result.ok ? null : missingHeader(result.diagnostics);
    if (header === null || added.length >= MOST_HEADERS)
      return { result: await withAdvice(result, request, btf, libbpfFolder), flags, added };
    if (header === STUBS && !host.includes(HOST) && (architecture ?? process.arch) === 'x64') {
      host.push(HOST);
      continue;
    }
    const folders =
      flags.root === null
        ? []
        : await foldersWith(header, {
            ...{ source: await realpath(request.sourcePath), root: flags.root },
            kernelArch: targetArchitecture(architecture ?? process.arch),
          });
    const unused = folders.filter(folder => !added.includes(folder));
    const known =
      unused.length > 0
        ? null
        : await systemFolderWith(header, [libbpfFolder, system], clang.includeFolders, cacheFolder);
    if (known !== null && !host.includes(known)) {
      host.push('-I', known);
      continue;
    }
    const chosen = unused.length === 0 ? null : await chooseFolder(header, unused);
    if (chosen === null) return { result, flags, added };
    added.push(chosen);
  }
}

/** The result with errors of our own before clang's, where older headers are the cause; clang's output ends with them. */
async function withAdvice(
  result: CompileResult,
  { onOutput }: Pick<CompileRequest, 'onOutput'>,
  btf: BtfSource,
  libbpfFolder: string,
): Promise<CompileResult> {
  if (result.ok) return result;
  const lacksMember = result.diagnostics.some(({ message }) => message.startsWith('no member named'));
  const isOurs = result.header === 'reduced' || result.header === 'full';
  const names = lacksMember && isOurs ? vmlinuxNames(await btf.load()) : null;
  const advice = [
    ...(await newerMacros(result.diagnostics, libbpfFolder)),
    ...newerMembers(result.diagnostics, name => (names?.tags(name).length ?? 0) > 0),
  ];
  if (advice.length === 0) return result;
  const text = advice.map(({ file, line, message }) => `${file}:${line}: ${message}\n`).join('');
  onOutput?.(text);
  return { ...result, diagnostics: [...advice, ...result.diagnostics], output: `${result.output}${text}` };
}
