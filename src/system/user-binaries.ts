/** Resolves the target of a uprobe or USDT probe to a file; the editor and attaching use the same rules. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isLibraryName, libraryFolders, SYSTEM_FOLDERS } from '../shared/bpf/binary-folders';
import { pathFolders } from './find-executable';

/** Search folders for names without a slash. */
export const binaryFolders = {
  libraries: libraryFolders(process.arch),
  programs: (): string[] => [...pathFolders(), ...SYSTEM_FOLDERS],
} as const;

/**
 * An absolute path is returned unchanged; "libc.so.6" is searched in the library folders, "bash" on PATH, as libbpf
 * does. Beyond libbpf: "libc.so" and "c" (as in -lc) mean libc.so.6. Null if there is none.
 */
export function findUserBinary(name: string): string | null {
  if (name.includes('/')) return path.isAbsolute(name) && isFile(name) ? name : null;
  if (isLibraryName(name)) return findLibrary(name);
  return firstFile(binaryFolders.programs(), name) ?? findLibrary(`lib${name}.so`);
}

function findLibrary(name: string): string | null {
  // A file without a version may be a linker script (libc.so is), which has no functions.
  const versioned = name.endsWith('.so')
    ? binaryFolders.libraries.flatMap(folder =>
        namesIn(folder)
          .filter(entry => /^\.\d/.test(entry.slice(name.length)) && entry.startsWith(name))
          .map(entry => path.join(folder, entry)),
      )
    : [];
  return versioned.find(isFile) ?? firstFile(binaryFolders.libraries, name);
}

function firstFile(folders: readonly string[], name: string): string | null {
  return folders.map(folder => path.join(folder, name)).find(isFile) ?? null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

export function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
