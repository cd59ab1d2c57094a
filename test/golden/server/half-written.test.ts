/** Whatever is in the editor while somebody types, the server answers: files cut anywhere, and files with damage. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CURSOR, repository, ServerUnderTest, scratch } from './client';

const TEMPLATES = ['vfsreadlat', 'undump', 'kvm_hypercall'];
/** Cuts of one file; primes so that they fall on everything in the long run. */
const STEP = 211;

describe('half-written files', () => {
  const folder = scratch();
  let server: ServerUnderTest;

  beforeAll(async () => {
    server = await ServerUnderTest.onSmallKernel(folder);
  }, 60_000);
  afterAll(async () => {
    await server.stopWell();
    rmSync(folder, { recursive: true, force: true });
  });

  const damages: readonly (readonly [what: string, text: string])[] = [
    ['structs without end', 'struct a { '.repeat(3000)],
    [
      'typedefs in a circle',
      'typedef a b;\ntypedef b a;\nSEC("xdp")\nint f(void *c)\n{\n\ta x;\n\n\tx.§y[1]->z;\n}\n',
    ],
    [
      'macros in a circle',
      '#define A B\n#define B A\nstruct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, A);\n} m SEC(".maps");\n',
    ],
    ['a struct in itself', 'struct a { struct a x; };\nSEC("xdp")\nint f(void *c)\n{\n\tstruct a x;\n}\n'],
    ['words without end', `SEC("xdp")\n${'word '.repeat(500)}`],
    ['open brackets', 'int f('.repeat(5000)],
  ];
  it.each(damages)('%s', async (what, text) => {
    const name = `${what.replaceAll(' ', '-')}.bpf.c`;
    const marked = text.includes(CURSOR) ? text : text + CURSOR;
    expect(await server.complete(name, marked)).toBeInstanceOf(Array);
    await server.at('textDocument/hover', name, marked);
    await server.at('textDocument/documentSymbol', name, marked);
    await server.diagnostics(name, text.replace(CURSOR, ''));
    expect(server.errors).toEqual([]);
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
