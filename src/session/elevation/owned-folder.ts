/**
 * Temporary folders marked with their owner process, so that leftovers of a killed process can be recognised and
 * removed by a later one.
 */
import { constants, readFileSync, readlinkSync } from 'node:fs';
import { lstat, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const OWNER_FILE = 'owner';
/** The mark is written right after the folder is created: without one after this time, the process was killed in between. */
const UNMARKED_MS = 60_000;

/** A process id alone is ambiguous after a reboot, in another container, or when it is reused. */
interface Owner {
  readonly bootId: string;
  /** "pid:[4026531836]" (namespaces(7)). */
  readonly pidNamespace: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks since boot; '' when there is no such process. */
  readonly startTime: string;
}

/** Creates a folder PARENT/PREFIX…, mode 0700, marked as this process's. Throws as mkdtemp. */
export async function createOwnedFolder(parent: string, prefix: string, pid = process.pid): Promise<string> {
  const folder = await mkdtemp(path.join(parent, prefix));
  await writeFile(path.join(folder, OWNER_FILE), JSON.stringify(ownerOf(pid)), { mode: 0o600 });
  return folder;
}

/**
 * Removes marked folders whose process has exited, and unmarked ones older than a minute. Only considers real folders
 * (not links) of this user that nobody else may enter; leaves those that cannot be read or removed. Never throws.
 */
export async function removeStaleFolders(parent: string, prefix: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter(each => each.startsWith(prefix))) {
    const folder = path.join(parent, name);
    if (await isStale(folder).catch(() => false))
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isStale(folder: string): Promise<boolean> {
  const entry = await lstat(folder);
  if (!entry.isDirectory() || entry.uid !== process.getuid?.() || (entry.mode & 0o777) !== 0o700)
    return false;
  const owner = await readOwner(folder);
  if (!owner) return Date.now() - entry.mtimeMs > UNMARKED_MS;
  const now = ownerOf(owner.pid);
  if (owner.bootId !== now.bootId) return true;
  // Processes of another container are not visible here.
  return owner.pidNamespace === now.pidNamespace && owner.startTime !== now.startTime;
}

/** null when the mark is missing or incomplete. Throws for a link, and when reading is not permitted. */
async function readOwner(folder: string): Promise<Owner | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const file = await open(path.join(folder, OWNER_FILE), flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return null;
  try {
    return JSON.parse(await file.readFile('utf8')) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

function ownerOf(pid: number): Owner {
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
    pid,
    startTime: startTimeOf(pid),
  };
}

function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command's name in parentheses, which may contain any character.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
