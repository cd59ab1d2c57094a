import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { type CompileResult, compile } from '../../../src/compile/compile';
import { type BtfSource, btfId } from '../../../src/compile/vmlinux-cache';
import { parseBtf } from '../../../src/shared/object/btf';
import { codeSections, elfSection, installedClangs, kernelBtfFiles, scratchFolder } from './toolchain';

const golden = join(__dirname, '../../golden/compile');
const programs = readdirSync(golden).filter(name => name.endsWith('.bpf.c'));
/** Struct names of their own that a kernel has too: with the full header no compiler takes them. */
const COLLIDING = ['own-types.bpf.c'];

const { folder, remove } = scratchFolder();
afterAll(remove);

function btfSource(path: string): BtfSource {
  const bytes = new Uint8Array(readFileSync(path));
  const btf = parseBtf(bytes);
  return { id: btfId(bytes), load: () => btf };
}

function okay(result: CompileResult): CompileResult & { ok: true } {
  expect(result.output).toBe('');
  if (!result.ok) throw new Error(result.output);
  return result;
}

describe.each(kernelBtfFiles())('types of %s', path => {
  const btf = btfSource(path);
  describe.each(installedClangs())('with %s', name => {
    it.each(programs)('%s: the same code as with the full header, without a warning', async program => {
      const request = {
        sourcePath: join(golden, program),
        btf,
        clang: await findClang({ setting: name }),
        cacheFolder: join(folder, 'cache'),
      };
      const reduced = okay(await compile(request));
      expect(reduced.header).toBe('reduced');
      const full = await compile({ ...request, header: 'full' });
      if (COLLIDING.includes(program)) {
        expect(full.ok).toBe(false);
        return;
      }
      const sections = codeSections(reduced.objectPath);
      expect(sections.length).toBeGreaterThan(0);
      const complete = okay(full);
      expect(codeSections(complete.objectPath)).toEqual(sections);
      for (const section of sections)
        expect(elfSection(reduced.objectPath, section)).toEqual(elfSection(complete.objectPath, section));
    });
  });
});
