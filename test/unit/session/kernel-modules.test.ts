/** Which module has a function: by modules.symbols, and by the symbols of the modules themselves. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { exportingModule, moduleNames, moduleWithFunction } from '../../../src/system/kernel-modules';
import { scratchFolder } from '../compile/toolchain';

const { folder, remove } = scratchFolder();
afterAll(remove);

beforeAll(async () => {
  writeFileSync(
    path.join(folder, 'modules.symbols'),
    '# Aliases for symbols, used by symbol_request().\nalias symbol:br_forward bridge\nalias symbol:br_forward_finish bridge\nalias symbol:nf_hook nf_tables\n',
  );
  const { path: clang } = await findClang();
  const module = (name: string, text: string) => {
    const file = path.join(folder, 'kernel', 'fs', `${name}.ko`);
    mkdirSync(path.dirname(file), { recursive: true });
    execFileSync(clang, ['--target=bpf', '-O2', '-x', 'c', '-c', '-', '-o', file], { input: text });
  };
  module('disk-fs', 'int other_fs(int); int disk_open(int x) { return other_fs(x); } int table;');
  module('other', 'int other_fs(int x) { return x; }');
  writeFileSync(path.join(folder, 'kernel', 'damaged.ko'), 'no ELF');
});

describe('the module of a function', () => {
  it.each([
    ['br_forward', 'bridge'],
    ['nf_hook', 'nf_tables'],
    ['br_forw', null],
    ['forward', null],
  ])('%s is exported by %s', (name, module) => {
    expect(exportingModule(folder, name)).toBe(module);
  });

  it.each([
    ['br_forward', 'bridge'],
    ['disk_open', 'disk_fs'],
    // disk-fs only calls it.
    ['other_fs', 'other'],
    ['table', null],
    ['no_such_function', null],
    ['(a+)+', null],
  ])('%s is in %s', async (name, module) => {
    expect(await moduleWithFunction(folder, name)).toBe(module);
  });

  it('is unknown without modules', async () => {
    expect(await moduleWithFunction(path.join(folder, 'nowhere'), 'br_forward')).toBeNull();
  });

  it('is certainly in none where no module has the name, if all could be read', async () => {
    // damaged.ko may have any name.
    expect(await moduleNames(folder)).toBeNull();
    rmSync(path.join(folder, 'kernel', 'damaged.ko'));
    const names = await moduleNames(folder);
    expect(names?.includes('\0disk_open\0')).toBe(true);
    expect(names?.includes('\0disk_close\0')).toBe(false);
    writeFileSync(path.join(folder, 'kernel', 'packed.ko.xz'), '');
    expect(await moduleNames(folder)).toBeNull();
  });
});
