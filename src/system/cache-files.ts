import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** ${XDG_CACHE_HOME:-~/.cache}/bpf-workbench; a relative XDG_CACHE_HOME is ignored, as the XDG specification says. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'bpf-workbench');
}

/** Hex SHA-256 of the parts, each prefixed with its length so that no two lists have the same input. */
export function contentKey(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part).update('\n');
  return hash.digest('hex');
}

/** Writes a file atomically: a reader sees all of it or nothing. Creates missing folders. */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = await temporaryBeside(path);
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Returns a new file name in the folder of `path`, which is created if missing: a rename from there is atomic. */
export async function temporaryBeside(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  return `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Removes the least recently written entries of a folder, down to `keep`. Errors are ignored. */
export async function pruneFolder(folder: string, keep: number): Promise<void> {
  try {
    const names = await readdir(folder);
    if (names.length <= keep) return;
    const entries = await Promise.all(
      names.map(async name => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
    );
    entries.sort((a, b) => b.at - a.at);
    for (const { path } of entries.slice(keep)) {
      if ((await stat(path)).isDirectory()) await rm(path, { recursive: true, force: true });
      else await unlink(path);
    }
  } catch {
    // Another process may be cleaning up too, or the folder does not exist yet.
  }
}
