import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { defaultCacheFolder } from '../../../src/system/cache-files';

/** flock(1)'s exit status here for a lock that somebody else holds. */
const TAKEN = 75;

/**
 * Waits until no other test run on this machine holds a guest, and holds that place until `release` or this process's
 * end. The lock belongs to a `flock` process that lives as long as our end of its stdin.
 */
export async function lockGuestPlace(): Promise<{ release(): Promise<void> }> {
  const folder = defaultCacheFolder();
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'test-guest.lock');
  let holder = await tryLock(['--nonblock', '--conflict-exit-code', String(TAKEN)], file);
  if (!holder) {
    console.error(`Another test run on this machine has the guest (${file}); waiting for it to end.`);
    holder = await tryLock([], file);
  }
  if (!holder) throw new Error(`the lock ${file} cannot be had`);
  const held = holder;
  return {
    async release() {
      // Its end is awaited: a process with nothing else to do would end before it.
      held.ref();
      const ended = once(held, 'exit');
      held.stdin?.end();
      await ended;
    },
  };
}

/** The process that holds the lock, or null when somebody else does. */
async function tryLock(options: readonly string[], file: string): Promise<ChildProcess | null> {
  // --no-fork: flock becomes cat, which keeps the locked descriptor.
  const holder = spawn(
    'flock',
    ['--no-fork', ...options, file, 'sh', '-c', 'echo held; exec cat >/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const held = once(holder.stdout, 'data').then(() => true);
  const [first] = await Promise.race([held.then(value => [value] as const), once(holder, 'exit')]);
  if (first === true) {
    // It must not keep this process alive.
    holder.unref();
    for (const stream of [holder.stdin, holder.stdout]) {
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
    }
    return holder;
  }
  if (first === TAKEN) return null;
  throw new Error(`flock on ${file} failed with status ${String(first)}`);
}
