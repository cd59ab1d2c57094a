/**
 * The programs that must raise nothing (corpus.test.ts) are valid C for BPF: clang takes each, with the vmlinux.h of every
 * kernel there is here, by the flags that we compile with.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clang, findClang } from '../../../src/compile/clang';
import { compileFlags, findLibbpfHeaders } from '../../../src/compile/flags';
import { btfId, ensureVmlinuxHeader } from '../../../src/compile/vmlinux-cache';
import { parseBtf } from '../../../src/shared/object/btf';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { scratch } from './client';

/** What cannot be compiled here, and clang's reason: when that changes, the program belongs with the others. */
const LACKS: Readonly<Record<string, string>> = {
  // Inspektor Gadget's headers, which no distribution packages; and one that is nowhere, on purpose.
  'styles/gadget.bpf.c': "'gadget/buffer.h' file not found",
};

const folder = scratch();
const kernels = await kernelBtfFiles(folder);
const programs = ['programs', 'styles'].flatMap(name =>
  readdirSync(path.join(import.meta.dirname, name))
    .filter(file => file.endsWith('.c'))
    .map(file => `${name}/${file}`),
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kernels)('with the types of %s', btfPath => {
  let clang: Clang;
  let flags: readonly string[];

  beforeAll(async () => {
    const bytes = new Uint8Array(readFileSync(btfPath));
    clang = await findClang();
    const vmlinuxFolder = await ensureVmlinuxHeader(
      { id: btfId(bytes), load: () => parseBtf(bytes) },
      path.join(folder, 'cache'),
    );
    const libbpfFolder = await findLibbpfHeaders();
    flags = compileFlags({ clang, vmlinuxFolder, includeFolders: [], libbpfFolder });
  }, 60_000);

  it.each(programs)('%s', async program => {
    const file = path.join(import.meta.dirname, program);
    const said = await promisify(execFile)(clang.path, [...flags, '-fsyntax-only', file]).then(
      () => '',
      (error: { readonly stderr: string }) => error.stderr,
    );
    const errors = said.split('\n').filter(line => line.includes('error:'));
    const lacks = LACKS[program];
    if (lacks === undefined) expect(errors).toEqual([]);
    else expect(errors.map(line => line.replace(/^.*error: /, ''))).toEqual([lacks]);
  });
});
