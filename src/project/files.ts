/** Reading a project's files: all of them are untrusted input. */
import { mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { contentKey } from '../system/cache-files';
import { readUntrustedFile } from '../system/untrusted-file';

/** The text of a regular file; null if there is none that can be read, or it is larger than `maxBytes`. */
export async function readText(file: string, maxBytes: number): Promise<string | null> {
  try {
    return (await readUntrustedFile(file, maxBytes)).toString();
  } catch {
    return null;
  }
}

export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

/** A folder in the cache where `folder` goes by `name`, for #include <name/…>. */
export async function linkedAs(name: string, folder: string, cacheFolder: string): Promise<string> {
  const parent = path.join(cacheFolder, 'links', contentKey(name, folder).slice(0, 32));
  await mkdir(parent, { recursive: true });
  await symlink(folder, path.join(parent, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return parent;
}

/** Folders above the source that are looked at, if no repository ends the search before. */
const MOST_FOLDERS = 12;
const MARKERS = new Set(
  'Makefile makefile GNUmakefile CMakeLists.txt meson.build go.mod Cargo.toml README.md README LICENSE COPYING .gitmodules'.split(
    ' ',
  ),
);

/**
 * The folders from a source's to its project's root: the repository that holds it, else the topmost folder above it that
 * looks like a project. Home folders, folders of other users and folders that everybody may write end the search; a source
 * in such a shared folder has none.
 */
export async function projectFolders(source: string): Promise<string[]> {
  const folders: string[] = [];
  const owner = (await stat(path.dirname(source))).uid;
  let topmost = 1;
  for (let folder = path.dirname(source); folders.length < MOST_FOLDERS; folder = path.dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    const names: string[] = await readdir(folder).catch(() => []);
    const isOthers = found === null || found.uid !== owner || (found.mode & 0o002) !== 0;
    if (isOthers) break;
    if (folders.length > 0 && (folder === homedir() || folder === path.dirname(folder))) break;
    folders.push(folder);
    if (names.includes('.git')) return folders;
    if (names.some(name => MARKERS.has(name))) topmost = folders.length;
  }
  return folders.slice(0, topmost);
}

/** Not a project's own headers and build files. */
const SKIPPED = new Set(['.git', 'node_modules', 'target', '.cache', '.venv', '__pycache__']);
const MOST_ENTRIES = 60_000;
const MOST_DEPTH = 10;

/** The project's files whose names `wanted` accepts, breadth first; links are not followed. */
export async function findFiles(root: string, wanted: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  let level = [root];
  for (let depth = 0; depth < MOST_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      seen += entries.length;
      if (seen > MOST_ENTRIES) return found;
      for (const entry of entries) {
        if (entry.isDirectory() && !SKIPPED.has(entry.name)) next.push(path.join(folder, entry.name));
        else if (entry.isFile() && wanted(entry.name)) found.push(path.join(folder, entry.name));
      }
    }
    level = next;
  }
  return found;
}
