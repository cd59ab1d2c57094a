/**
 * No false alarm: every template raises nothing, nor does any program under programs/ or styles/ (written the way other
 * projects write theirs). That those are valid C for BPF is tested in compiles.test.ts.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { bundleServer, repository, ServerUnderTest, scratch } from './client';

const templates = path.join(repository, 'bpf-templates');
const own = ['programs', 'styles'].map(name => path.join(import.meta.dirname, name));
const programs = [
  ...readdirSync(templates, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.bpf.c'))
    .map(name => path.join(templates, name)),
  ...own.flatMap(folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.c'))
      .map(name => path.join(folder, name)),
  ),
];
const folder = scratch();
const kernels = await kernelBtfFiles(folder);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kernels)('against %s', btfPath => {
  let server: ServerUnderTest;

  beforeAll(async () => {
    const includeFolders = [path.join(templates, 'include')];
    server = await ServerUnderTest.start(await bundleServer(folder), { btfPath, includeFolders });
  }, 60_000);
  afterAll(() => server.stop());

  it('finds the programs', () => {
    expect(programs.length).toBeGreaterThan(30);
  });

  it.each(programs.map(file => path.relative(repository, file)))('%s raises nothing', async name => {
    const file = path.join(repository, name);
    const text = readFileSync(file, 'utf8');
    const found = await server.diagnostics(pathToFileURL(file).href, text);
    expect(found.map(one => `${one.range.start.line + 1}: ${one.code}: ${one.message}`)).toEqual([]);
    // The same text with one mistake does raise something: the silence above is not deafness.
    const mistaken = await server.diagnostics(
      pathToFileURL(file).href,
      `${text}\nSEC("kprob/vfs_read")\nint mistaken(void *ctx)\n{\n\treturn sizeof(char[8]);\n}\n`,
    );
    expect(mistaken.map(one => one.code)).toEqual(['section-name']);
  });
});
