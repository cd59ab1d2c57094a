import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOwnedFolder, removeStaleFolders } from './owned-folder';

const PREFIX = 'bpfw-session-';

/**
 * A folder that only this user can enter (0700), for the tracer's socket; leftovers of killed processes are removed. A
 * Unix socket's path is limited to 107 bytes (sun_path, unix(7)), so it is in XDG_RUNTIME_DIR or the temporary folder,
 * not in the workspace.
 */
export class PrivateFolder {
  private constructor(readonly path: string) {}

  static async create(env: NodeJS.ProcessEnv): Promise<PrivateFolder> {
    for (const parent of [env.XDG_RUNTIME_DIR, tmpdir()]) {
      if (!parent) continue;
      try {
        const folder = new PrivateFolder(await createOwnedFolder(parent, PREFIX));
        await removeStaleFolders(parent, PREFIX);
        return folder;
      } catch {
        // XDG_RUNTIME_DIR may name a folder that does not exist (su, containers); the temporary folder always exists.
      }
    }
    throw new Error(`no writable temporary folder: ${tmpdir()}`);
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
