import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOwnedFolder, removeStaleFolders } from '../../../src/session/elevation/owned-folder';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'bpfw-owned-test-'));
});
afterEach(() => rm(parent, { recursive: true }));

/** Folder of a process that was killed. */
async function abandoned(prefix: string): Promise<string> {
  const owner = spawn('sleep', ['1000']);
  await once(owner, 'spawn');
  const folder = await createOwnedFolder(parent, prefix, owner.pid);
  await writeFile(path.join(folder, 'initramfs'), 'bytes');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  return folder;
}

describe('removeStaleFolders', () => {
  it('removes what a killed process left, and nothing that is in use', async () => {
    await abandoned('a-');
    const live = await createOwnedFolder(parent, 'a-');
    const other = await abandoned('b-');
    await removeStaleFolders(parent, 'a-');
    expect((await readdir(parent)).sort()).toEqual([live, other].map(folder => path.basename(folder)).sort());
  });

  it('follows no link, and leaves what it did not make or others may enter', async () => {
    const elsewhere = await abandoned('c-');
    await symlink(elsewhere, path.join(parent, 'a-link'));
    const linked = await abandoned('a-');
    await symlink(elsewhere, path.join(linked, 'inside'));
    const open = await abandoned('a-');
    await chmod(open, 0o755);
    await mkdir(path.join(parent, 'a-unmarked'), { mode: 0o700 });
    await removeStaleFolders(parent, 'a-');
    expect((await readdir(parent)).sort()).toEqual(
      ['a-link', 'a-unmarked', path.basename(open), path.basename(elsewhere)].sort(),
    );
    expect(await readdir(elsewhere)).toContain('initramfs');
  });

  it('removes what was killed before it marked its folder, a minute later', async () => {
    const [unmarked, halfMarked, fresh] = ['a-1', 'a-2', 'a-3'].map(name => path.join(parent, name));
    for (const folder of [unmarked, halfMarked, fresh]) await mkdir(folder ?? '', { mode: 0o700 });
    await writeFile(path.join(halfMarked ?? '', 'owner'), '{"bootId"');
    const before = Date.now() / 1000 - 100;
    for (const folder of [unmarked, halfMarked]) await utimes(folder ?? '', before, before);
    await removeStaleFolders(parent, 'a-');
    expect(await readdir(parent)).toEqual(['a-3']);
  });

  it('knows a process by more than its number', async () => {
    const folder = await createOwnedFolder(parent, 'a-');
    const { pid } = process;
    const owner = path.join(folder, 'owner');
    const mark = JSON.parse(await readFile(owner, 'utf8'));
    expect(mark.pid).toBe(pid);
    await writeFile(owner, JSON.stringify({ ...mark, pidNamespace: 'pid:[1]', startTime: '1' }));
    await removeStaleFolders(parent, 'a-');
    expect(await readdir(parent)).toHaveLength(1);
    await writeFile(owner, JSON.stringify({ ...mark, startTime: '1' }));
    await removeStaleFolders(parent, 'a-');
    expect(await readdir(parent)).toEqual([]);
  });
});
