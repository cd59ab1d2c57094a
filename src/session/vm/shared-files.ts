/**
 * The file tree that QEMU shares with the sandbox VM: the host's, without hidden paths (hidden-paths.ts). QEMU's 9p
 * server cannot exclude folders, so the tree is built with mounts in a separate namespace. QEMU gets a descriptor of it
 * and stays in this process's namespaces, so that file owners are unchanged.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startChild } from '../../system/child-process';
import { findExecutable } from '../../system/find-executable';
import { type HiddenPath, hiddenCandidates, hiddenPaths } from './hidden-paths';
import { HiddenWatch } from './hidden-watch';
import { parseMounts, viewScript } from './mount-plan';

export interface SharedFiles {
  /** Descriptors that QEMU inherits, the first as FIRST_SHARED_FD. */
  readonly descriptors: readonly number[];
  /** Path of the shared tree, as seen by QEMU. */
  readonly path: string;
  /** Why nothing could be hidden, so that the VM sees everything this user can read. null: secrets are hidden. */
  readonly notHidden: string | null;
  /** Call it once QEMU runs: it has its own copies. */
  close(): void;
  /** Call it when the VM has ended: new paths are no longer hidden. */
  end(): void;
}

export interface SharedFilesRequest {
  /** This process's own folder; hidden from the VM too. */
  readonly runFolder: string;
  /** In addition to those that are always hidden; see hiddenPaths(). */
  readonly hiddenFolders: readonly string[];
  /** Folders that the VM cannot run without. */
  readonly needed: readonly string[];
}

/** 3 is the agent's port. */
export const FIRST_SHARED_FD = 4;

/** Mounting takes tens of milliseconds; automounters and network file systems may take longer. */
const DEADLINE_MS = 15_000;

/** Throws VmError 'hidden-folder' for an invalid folder; other failures are reported in `notHidden`. */
export async function shareFiles(request: SharedFilesRequest): Promise<SharedFiles> {
  const candidates = await hiddenCandidates(request.hiddenFolders);
  const hidden = await hiddenPaths(candidates);
  const folder = path.join(request.runFolder, 'view');
  const emptyFile = path.join(request.runFolder, 'empty');
  await mkdir(folder);
  await writeFile(emptyFile, '', { mode: 0o444 });
  const script = viewScript({
    folder,
    emptyFile,
    mounts: parseMounts(await readFile('/proc/self/mountinfo', 'utf8')),
    hidden: [...hidden, { path: request.runFolder, kind: 'folder' }],
    needed: request.needed,
    replaced: await withoutPasswords(request.runFolder),
  });
  const failures: string[] = [];
  // Root needs no user namespace, and in a container may not be allowed to create one.
  const ways = process.getuid?.() === 0 ? [[], USER_NAMESPACE] : [USER_NAMESPACE];
  for (const way of ways) {
    try {
      const { files, hide } = await viewOf(folder, way, script);
      const watch = new HiddenWatch(candidates, hide);
      await watch.start(hidden);
      return {
        ...files,
        end() {
          watch.end();
          files.end();
        },
      };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { descriptors: [], path: '/', notHidden: failures.join('; '), close: nothing, end: nothing };
}

/** null if files can be hidden from the VM here; otherwise why not. Does not boot and cleans up. */
export async function hidingObstacle(runFolder: string): Promise<string | null> {
  const files = await shareFiles({ runFolder, hiddenFolders: [], needed: [] });
  files.close();
  files.end();
  return files.notHidden;
}

const nothing = (): void => undefined;

const USER_NAMESPACE = ['--user', '--map-root-user'];

/** `hide` hides further paths, until `files.end()`. */
async function viewOf(
  folder: string,
  way: readonly string[],
  script: string,
): Promise<{ readonly files: SharedFiles; readonly hide: (hidden: HiddenPath) => void }> {
  const unshare = await findExecutable('unshare');
  if (!unshare) throw new Error('unshare (util-linux) was not found');
  const keeper = startChild(
    'tool',
    unshare,
    [...way, '--mount', '--propagation', 'private', '/bin/sh', '-c', script],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  try {
    await ready(keeper);
    const descriptors = [
      openSync(`/proc/${keeper.pid}/root${folder}`, constants.O_RDONLY | constants.O_DIRECTORY),
      // The mounts exist as long as their namespace, and that as long as QEMU holds this descriptor.
      openSync(`/proc/${keeper.pid}/ns/mnt`, constants.O_RDONLY),
    ];
    keeper.unref();
    const files: SharedFiles = {
      descriptors,
      path: `/proc/self/fd/${FIRST_SHARED_FD}`,
      notHidden: null,
      close() {
        for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
      },
      end: () => void keeper.kill('SIGKILL'),
    };
    return { files, hide: ({ kind, path: hidden }) => void keeper.stdin?.write(`${kind}${hidden}\n`) };
  } catch (error) {
    keeper.kill('SIGKILL');
    throw error;
  }
}

/** Throws with the first line of stderr when the tree was not mounted. */
async function ready(keeper: ChildProcess): Promise<void> {
  const { stdout, stderr, stdin } = keeper;
  if (!stdout || !stderr) throw new Error('starting unshare failed');
  stdin?.on('error', () => undefined);
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 500) complaint += text;
  });
  const cancel = AbortSignal.timeout(DEADLINE_MS);
  const closed = once(keeper, 'close', { signal: cancel });
  closed.catch(() => undefined);
  const [first] = await Promise.race([
    once(createInterface(stdout), 'line', { signal: cancel }),
    closed.then(() => ['']),
  ]);
  if (first !== 'ready') throw new Error(complaint.trim().split('\n')[0] || 'unshare failed');
}

/** As root, QEMU could read everybody's password hashes; the lines without them are needed to log in and to use sudo. */
async function withoutPasswords(runFolder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/etc/shadow', 'utf8').catch(() => null);
  if (text === null) return new Map();
  const file = path.join(runFolder, 'shadow');
  await writeFile(file, text.replace(/^([^:\n]*):[^:\n]*:/gm, '$1:*:'), { mode: 0o600 });
  return new Map([['/etc/shadow', file]]);
}
