/** No false alarm: every template and every program under programs/, each of which compiles and loads, raises nothing. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { bundleServer, repository, ServerUnderTest, scratch } from './client';

const templates = path.join(repository, 'bpf-templates');
const own = path.join(import.meta.dirname, 'programs');
const programs = [
  ...readdirSync(templates, { recursive: true, encoding: 'utf8' }).map(name => path.join(templates, name)),
  ...readdirSync(own).map(name => path.join(own, name)),
].filter(file => file.endsWith('.bpf.c'));
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
      text.replace(/SEC\("license"\)/, 'SEC("licence")'),
    );
    expect(mistaken.map(one => one.code)).toContain('section-name');
  });
});
