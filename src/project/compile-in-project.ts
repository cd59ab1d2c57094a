/** Compiles a program with the flags of its project; headers that are missing are looked for in the project. */
import { realpath } from 'node:fs/promises';
import { type CompileRequest, type CompileResult, compile } from '../compile/compile';
import { findLibbpfHeaders, targetArchitecture } from '../compile/flags';
import type { GivenTypes } from './given-types';
import { foldersWith, missingHeader } from './header-folders';
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

/** Throws what `compile` and `projectFlags` throw. */
export async function compileInProject(request: ProjectCompileRequest): Promise<ProjectCompile> {
  const { project, onFlags, chooseFolder, types = null, ...rest } = request;
  const { architecture, cacheFolder } = request;
  const flags = await projectFlags({
    ...project,
    ...{ source: request.sourcePath, cacheFolder },
    ...(architecture === undefined ? {} : { architecture }),
  });
  onFlags?.(flags);
  const libbpfFolder = await findLibbpfHeaders(flags.libbpfFolder ?? '');
  const system = await findLibbpfHeaders().catch(() => libbpfFolder);
  const added: string[] = [];
  const host: string[] = [];
  for (;;) {
    const result = await compile({
      ...rest,
      ...(types !== null && 'btf' in types ? { btf: types.btf } : {}),
      libbpfFolder,
      includeFolders: [
        ...(types !== null && 'folder' in types ? [types.folder] : []),
        ...(request.includeFolders ?? []),
      ],
      extraFlags: [...flags.flags, ...added.flatMap(folder => ['-I', folder]), ...host],
    });
    const header = result.ok ? null : missingHeader(result.diagnostics);
    if (header === null || added.length >= MOST_HEADERS) return { result, flags, added };
    if (header === STUBS && host.length === 0 && (architecture ?? process.arch) === 'x64') {
      host.push('-D__x86_64__');
      continue;
    }
    const folders = await foldersWith(header, {
      ...{
        source: await realpath(request.sourcePath),
        root: flags.root,
        libbpfFolders: [libbpfFolder, system],
      },
      kernelArch: targetArchitecture(architecture ?? process.arch),
    });
    const unused = folders.filter(folder => !added.includes(folder));
    const chosen = unused.length === 0 ? null : await chooseFolder(header, unused);
    if (chosen === null) return { result, flags, added };
    added.push(chosen);
  }
}
