/**
 * The programs that are written for probes: each is the file in expected/ on a kernel known by heart, and compiles without
 * a warning on every kernel whose BTF is here. `npm run golden` writes the files again.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { parseBtf } from '../../../src/shared/btf/btf';
import { parseElf } from '../../../src/shared/elf/elf';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { traceProgram } from '../../../src/trace/trace-program';
import { kernelBtfFiles, scratchFolder } from '../../unit/compile/toolchain';
import { btfSourceOf } from '../../unit/templates/compiled';
import { includeFolder } from '../../unit/templates/folders';
import { smallKernel } from '../server/client';
import { CASES, type Case } from './cases';

const STRICT = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

const { folder, remove } = scratchFolder();
afterAll(remove);
writeFileSync(
  path.join(folder, 'program.c'),
  `__attribute__((noinline)) long handle(const char *name, long size) { return size + name[0]; }
   int main(int argc, char **argv) { return handle(argv[0], argc) & 1; }`,
);
const clang = await findClang();
execFileSync(clang.path, ['-g', '-O1', '-o', path.join(folder, 'program'), path.join(folder, 'program.c')]);

const small = await smallKernel(folder);
const kernels = await kernelBtfFiles(folder);

function written({ probes, mode, by = [], where }: Omit<Case, 'name'>, btfFile: string): string {
  const bytes = new Uint8Array(readFileSync(btfFile));
  const named = probes.map(probe => probe.replace('FOLDER', folder));
  return traceProgram(
    { probes: named, mode, by, where: where ?? null, folder: '/' },
    { btf: parseBtf(bytes), bytes },
  ).text;
}

async function compiled(name: string, text: string, btfFile: string): Promise<BpfObject> {
  const own = path.join(folder, path.basename(btfFile).replace(/\W/g, '_'));
  mkdirSync(own, { recursive: true });
  const sourcePath = path.join(own, `${name}.bpf.c`);
  writeFileSync(sourcePath, text);
  const result = await compile({
    sourcePath,
    btf: btfSourceOf(btfFile),
    clang,
    cacheFolder: path.join(folder, 'cache'),
    includeFolders: [includeFolder],
    extraFlags: STRICT,
  });
  if (!result.ok) throw new Error(`${result.output}\n${text}`);
  const bytes = new Uint8Array(readFileSync(result.objectPath));
  // A call of memcmp() or memcpy() compiles, and no kernel has them.
  const missing = parseElf(bytes).symbols.filter(symbol => symbol.section === 0 && symbol.name !== '');
  expect(missing.map(symbol => symbol.name)).toEqual([]);
  return readObject(bytes, `${name}.bpf.o`);
}

describe('on a small kernel', () => {
  it.each(CASES)('$name is the program we know', async each => {
    const text = written(each, small);
    expect(written(each, small)).toBe(text);
    await expect(text.replaceAll(folder, 'FOLDER')).toMatchFileSnapshot(`expected/${each.name}.bpf.c`);
  });
});

describe.each(kernels)('with the types of %s', btfFile => {
  it.each(CASES)('$name compiles and shows what was chosen', { timeout: 60_000 }, async each => {
    const object = await compiled(each.name, written(each, btfFile), btfFile);
    const shown = object.maps.filter(({ view }) => view.kind !== 'internal').map(({ view }) => view.kind);
    const keyed = each.by !== undefined || each.probes.length > 1;
    expect(shown).toEqual(
      {
        count: keyed ? ['table'] : [],
        latency: ['histogram'],
        hist: ['histogram'],
        events: ['events'],
        stacks: ['table'],
      }[each.mode.kind],
    );
    expect(object.parameters.find(({ role }) => role === 'pid')?.name).toBe('target_pid');
    const counted = object.globals.flatMap(({ drops }) => (drops ? [drops.of] : []));
    expect(counted).toEqual(object.maps.filter(({ view }) => view.kind === 'events').map(({ name }) => name));
  });

  it('quotes a file whose name has whatever a file name may have', { timeout: 60_000 }, async () => {
    const name = `a"; int evil; */ \\ ??' %s \u00e9 #include "x"`;
    const hostile = path.join(folder, name);
    mkdirSync(hostile, { recursive: true });
    execFileSync('cp', [path.join(folder, 'program'), path.join(hostile, 'p')]);
    const text = written({ probes: [`${hostile}/p:handle`], mode: { kind: 'count' }, by: ['comm'] }, btfFile);
    const object = await compiled('hostile', text, btfFile);
    expect(object.parameters.find(({ role }) => role === 'path')?.defaultValue).toBe(`${hostile}/p`);
    expect(object.globals.map(each => each.name)).toEqual(['keys_missed']);
    expect(text).toMatch(/^[\t\n -~]*$/);
  });
});
