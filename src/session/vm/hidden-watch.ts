/**
 * Uses inotify to hide secrets that are created or replaced while the sandbox VM runs: git and npm write their tokens to
 * a new file and rename it over the old one, which removes the mount on it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { existingPath, type HiddenPath } from './hidden-paths';
import { isWithin } from './mount-plan';

export class HiddenWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  /** The identity (inode) of each path when it was hidden. */
  private readonly known = new Map<string, string>();
  private scanning: Promise<void> = Promise.resolve();
  private isWaiting = false;
  private hasEnded = false;

  /** `candidates`: absolute paths, existing or not. Calls `hide` with new ones. */
  constructor(
    private readonly candidates: readonly string[],
    private readonly hide: (hidden: HiddenPath) => void,
  ) {}

  /** Records the paths that are already hidden, then starts watching. */
  async start(hidden: readonly HiddenPath[]): Promise<void> {
    for (const { path: file } of hidden) this.known.set(file, await identity(file));
    // Finds paths that were created while the mounts were made.
    this.scan();
    await this.scanning;
  }

  end(): void {
    this.hasEnded = true;
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** One scan at a time; events during a scan cause one more. */
  private scan(): void {
    if (this.isWaiting || this.hasEnded) return;
    this.isWaiting = true;
    this.scanning = this.scanning.then(async () => {
      this.isWaiting = false;
      for (const candidate of this.candidates) await this.scanCandidate(candidate);
    });
  }

  private async scanCandidate(candidate: string): Promise<void> {
    this.watchParent(candidate);
    const found = await existingPath(candidate);
    if (!found || this.hasEnded) return;
    const now = await identity(found.path);
    if (this.known.get(found.path) === now) return;
    this.known.set(found.path, now);
    this.hide(found);
  }

  /** Watches the nearest existing parent folder: it gets an event when a folder in between is created. */
  private watchParent(candidate: string): void {
    for (let folder = path.dirname(candidate); folder !== '/'; folder = path.dirname(folder)) {
      if (this.watchers.has(folder)) return;
      try {
        const watcher = watch(folder, { persistent: false }, (event, name) => {
          if (event === 'rename' && this.concerns(folder, name)) this.scan();
        });
        watcher.on('error', () => this.forget(folder));
        this.watchers.set(folder, watcher);
        return;
      } catch {
        // Missing, or no more inotify watches (fs.inotify.max_user_watches): try its parent.
      }
    }
  }

  private concerns(folder: string, name: string | null): boolean {
    if (name === null) return true;
    // An event with the watched folder's own name: it was removed or moved.
    if (name === path.basename(folder)) this.forget(folder);
    const changed = path.join(folder, name);
    return this.candidates.some(
      candidate =>
        isWithin(changed, candidate) || (isWithin(folder, candidate) && !this.watchers.has(folder)),
    );
  }

  private forget(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }
}

/** Identifies a file by its inode; '' when it does not exist. */
async function identity(file: string): Promise<string> {
  return stat(file).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => '',
  );
}
