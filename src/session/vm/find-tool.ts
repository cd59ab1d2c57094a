import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** Administrators' tools are not on everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Absolute path of an executable on PATH or in the system's folders; null when there is none. */
export async function findTool(name: string): Promise<string | null> {
  for (const folder of [...(process.env.PATH ?? '').split(':'), ...SYSTEM_FOLDERS]) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return null;
}

/** The command that installs Debian packages, as the current user would type it. */
export function installCommand(...packages: readonly string[]): string {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  return process.getuid?.() === 0 ? command : `sudo ${command}`;
}
