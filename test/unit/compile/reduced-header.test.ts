import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { type CompileRequest, type CompileResult, compile } from '../../../src/compile/compile';
import { btfSourceOf } from '../templates/compiled';
import { codeSections, elfSection, installedClangs, kernelBtfFiles, scratchFolder } from './toolchain';

const golden = join(__dirname, '../../golden/compile');
const programs = readdirSync(golden).filter(name => name.endsWith('.bpf.c'));
const templatesFolder = join(__dirname, '../../../bpf-templates');
const templates = readdirSync(templatesFolder).filter(name =>
  existsSync(join(templatesFolder, name, `${name}.bpf.c`)),
);
/** Struct names of their own that a kernel has too: with the full header no compiler takes them. */
const COLLIDING = ['own-types.bpf.c'];

const { folder, remove } = scratchFolder();
afterAll(remove);
const kernels = await kernelBtfFiles(folder);
const sources = new Map(kernels.map(path => [path, btfSourceOf(path)]));

function okay(result: CompileResult): CompileResult & { ok: true } {
  expect(result.output).toBe('');
  if (!result.ok) throw new Error(result.output);
  return result;
}

/** Compiles with both headers, the reduced one without a warning; fails unless the code is the same. */
async function compareCode(request: CompileRequest): Promise<void> {
  const reduced = okay(await compile(request));
  expect(reduced.header).toBe('reduced');
  const full = await compile({ ...request, header: 'full' });
  if (!full.ok) {
    // The program's names collide with the kernel's: there is nothing to compare with.
    expect(full.diagnostics.map(({ message }) => message).join('\n')).toMatch(/redefinition/);
    expect(COLLIDING).toContain(basename(request.sourcePath));
    return;
  }
  const sections = codeSections(reduced.objectPath);
  expect(sections.length).toBeGreaterThan(0);
  const complete = okay(full);
  expect(codeSections(complete.objectPath)).toEqual(sections);
  for (const section of sections)
    expect(elfSection(reduced.objectPath, section)).toEqual(elfSection(complete.objectPath, section));
}

describe.each([...sources])('types of %s', (_path, btf) => {
  describe.each(installedClangs())('with %s', name => {
    it.each(programs)('%s: the same code as with the full header, without a warning', async program => {
      await compareCode({
        sourcePath: join(golden, program),
        btf,
        clang: await findClang({ setting: name }),
        cacheFolder: join(folder, 'cache'),
      });
    });
  });
});

/** The kernel the templates are tested on comes last. */
const templateKernel = [...sources.values()].at(-1);
it.each(templates)(
  'template %s: the same code as with the full header, without a warning',
  async template => {
    if (templateKernel === undefined) throw new Error('no kernel BTF');
    await compareCode({
      sourcePath: join(templatesFolder, template, `${template}.bpf.c`),
      btf: templateKernel,
      clang: await findClang(),
      cacheFolder: join(folder, 'cache'),
      includeFolders: [join(templatesFolder, 'include')],
    });
  },
);
