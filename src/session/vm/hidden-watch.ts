/**
 * Secrets that come or are replaced while the sandbox VM runs (git and npm write their tokens into a new file and rename
 * it over the old one, and a mount goes with the file it lay on): seen by inotify, and hidden then.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { existingPath, type HiddenPath } from './hidden-paths';
import { isWithin } from './mount-plan';

export class HiddenWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  /** By path: which file or folder it was when it was hidden. */
  private readonly known = new Map<string, string>();
  private looking: Promise<void> = Promise.resolve();
  private isWaiting = false;
  private hasEnded = false;

  /** `candidates`: absolute paths, there or not. `hide` is called with what is new. */
  constructor(
    private readonly candidates: readonly string[],
    private readonly hide: (hidden: HiddenPath) => void,
  ) {}

  /** Takes note of what is hidden already; before it is looked at again. */
  async start(hidden: readonly HiddenPath[]): Promise<void> {
    for (const { path: file } of hidden) this.known.set(file, await identity(file));
    // What came while the mounts were made is found by the first look.
    this.look();
    await this.looking;
  }

  end(): void {
    this.hasEnded = true;
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** One look at a time; events during one are worth one more. */
  private look(): void {
    if (this.isWaiting || this.hasEnded) return;
    this.isWaiting = true;
    this.looking = this.looking.then(async () => {
      this.isWaiting = false;
      for (const candidate of this.candidates) await this.lookAt(candidate);
    });
  }

  private async lookAt(candidate: string): Promise<void> {
    this.watchParent(candidate);
    const found = await existingPath(candidate);
    if (!found || this.hasEnded) return;
    const now = await identity(found.path);
    if (this.known.get(found.path) === now) return;
    this.known.set(found.path, now);
    this.hide(found);
  }

  /** The nearest folder above it that is there: what lies between comes as an event in that one. */
  private watchParent(candidate: string): void {
    for (let folder = path.dirname(candidate); folder !== '/'; folder = path.dirname(folder)) {
      if (this.watchers.has(folder)) return;
      try {
        const watcher = watch(folder, { persistent: false }, (event, name) => {
          if (event === 'rename' && this.concerns(folder, name)) this.look();
        });
        watcher.on('error', () => this.forget(folder));
        this.watchers.set(folder, watcher);
        return;
      } catch {
        // Not there, or no more inotify watches (fs.inotify.max_user_watches): the next one above.
      }
    }
  }

  private concerns(folder: string, name: string | null): boolean {
    if (name === null) return true;
    // A watched folder that is removed or moved is told by its own name.
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

/** A file by its inode; '' where it is gone. */
async function identity(file: string): Promise<string> {
  return stat(file).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => '',
  );
}
