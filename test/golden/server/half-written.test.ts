/** Whatever is in the editor while somebody types, the server answers: files cut anywhere, and files with damage. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleServer, CURSOR, repository, ServerUnderTest, scratch, smallKernel } from './client';

const TEMPLATES = ['vfsreadlat', 'undump', 'kvm_hypercall'];
/** Cuts of one file; primes so that they fall on everything in the long run. */
const STEP = 211;

describe('half-written files', () => {
  const folder = scratch();
  let server: ServerUnderTest;

  beforeAll(async () => {
    const [bundle, btfPath] = await Promise.all([bundleServer(folder), smallKernel(folder)]);
    const includeFolders = [path.join(repository, 'bpf-templates/include')];
    server = await ServerUnderTest.start(bundle, { btfPath, includeFolders });
  }, 60_000);
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(TEMPLATES)(
    '%s, cut off and damaged',
    async name => {
      const text = readFileSync(path.join(repository, `bpf-templates/${name}/${name}.bpf.c`), 'utf8');
      for (let at = 1; at < text.length; at += STEP) {
        const rest = text.slice(at);
        const damaged = [
          `${text.slice(0, at)}${CURSOR}`,
          `${text.slice(0, at)}${CURSOR}${rest.replace(/[{}"()]/, '')}`,
        ];
        for (const marked of damaged) {
          expect(await server.complete(`${name}.bpf.c`, marked)).toBeInstanceOf(Array);
          await server.at('textDocument/hover', `${name}.bpf.c`, marked);
          await server.at('textDocument/signatureHelp', `${name}.bpf.c`, marked);
          await server.at('textDocument/documentSymbol', `${name}.bpf.c`, marked);
          await server.at('textDocument/codeLens', `${name}.bpf.c`, marked);
        }
      }
      const after = await server.diagnostics(`${name}.bpf.c`, text);
      // The small kernel has few of the templates' targets, but all of those are optional.
      expect(after.map(one => one.code)).toEqual([]);
      expect(server.errors).toEqual([]);
    },
    120_000,
  );
});
