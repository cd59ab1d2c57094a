import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { findExecutable, pathFolders } from '../../../src/system/find-executable';
import { findUserBinary } from '../../../src/system/user-binaries';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-system-'));
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
});
afterAll(() => rmSync(folder, { recursive: true }));

it('ignores a relative XDG_CACHE_HOME, as its specification requires', () => {
  const usual = path.join(homedir(), '.cache/bpf-workbench');
  expect(defaultCacheFolder({ XDG_CACHE_HOME: 'cache' })).toBe(usual);
  expect(defaultCacheFolder({ XDG_CACHE_HOME: '' })).toBe(usual);
  expect(defaultCacheFolder({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/bpf-workbench');
});

it('finds programs in absolute folders, and nothing that cannot be executed', async () => {
  writeFileSync(path.join(folder, 'plain'), '', { mode: 0o644 });
  writeFileSync(path.join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  expect(pathFolders({ PATH: `bin::.:${folder}` })).toEqual([folder]);
  expect(await findExecutable('program', [folder])).toBe(path.join(folder, 'program'));
  expect(await findExecutable(path.join(folder, 'program'), [])).toBe(path.join(folder, 'program'));
  for (const name of ['plain', 'absent', '/', folder])
    expect(await findExecutable(name, [folder])).toBeNull();
});

it.each(['libc.so.6', 'libc.so', 'c'])('takes %s for the C library, not for its linker script', name => {
  expect(path.basename(findUserBinary(name) ?? '')).toBe('libc.so.6');
});

it('finds programs through PATH, and in the system’s folders', () => {
  writeFileSync(path.join(folder, 'mine'), '');
  process.env.PATH = folder;
  expect(findUserBinary('mine')).toBe(path.join(folder, 'mine'));
  expect(realpathSync(findUserBinary('sh') ?? '')).toBe(realpathSync('/bin/sh'));
  expect(findUserBinary(path.join(folder, 'mine'))).toBe(path.join(folder, 'mine'));
  for (const name of ['absent', '/absent', './mine', folder]) expect(findUserBinary(name)).toBeNull();
});
