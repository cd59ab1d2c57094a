import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { SYSTEM_FOLDERS } from '../shared/bpf/binary-folders';

/** The folders of PATH, except relative ones, which depend on the working directory. */
export function pathFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  return (env.PATH ?? '').split(path.delimiter).filter(folder => path.isAbsolute(folder));
}

/**
 * Absolute path of a program in the first of `folders` that has it. Default: the folders of PATH, then the system
 * folders, because administrators' programs are not on every user's PATH. An absolute `name` is checked as it is. Null
 * if there is none.
 */
export async function findExecutable(
  name: string,
  folders: readonly string[] = [...pathFolders(), ...SYSTEM_FOLDERS],
): Promise<string | null> {
  const files = path.isAbsolute(name) ? [name] : folders.map(folder => path.join(folder, name));
  for (const file of files) if (await isExecutable(file)) return file;
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
