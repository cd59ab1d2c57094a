/** What the objects say about themselves, compiled by every clang on this machine: promise 1, from the C to the panel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { type BtfSource, btfId } from '../../../src/compile/vmlinux-cache';
import { parseBtf } from '../../../src/shared/object/btf';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { mainPanelsOf } from '../../../src/shared/object/panels';
import { installedClangs, kernelBtfFiles, scratchFolder } from '../compile/toolchain';
import { includeFolder, readTemplates, type TemplateFolder } from './folders';

const templates = readTemplates();
const { folder, remove } = scratchFolder();
afterAll(remove);

/** As the templates are checked by hand: nothing a careful reader would be warned about. */
const STRICT = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

const LOADER_UNDERSTANDS =
  /^(btf-args:\w+:\d+|module:\w+(:\w+(\|\w+)*)?|tracepoint:\w+:\w+|(no-)?field:\w+\.\w+|branch-stack)$/;

describe.each(await kernelBtfFiles(folder))('types of %s', path => {
  const btf = btfSource(path);
  describe.each(installedClangs())('with %s', clang => {
    describe.each(templates)('$name', template => {
      const compiled = compileTemplate(template, clang, btf);

      it('compiles without a warning', async () => {
        const { output, object } = await compiled();
        expect(output).toBe('');
        expect(object.license).toBe('Dual BSD/GPL');
      });

      it('opens the panels its manifest names, and no others', async () => {
        const { object } = await compiled();
        expect(mainPanelsOf(object).sort()).toEqual([...template.manifest.panels].sort());
      });

      it('describes its parameters', async () => {
        const { object } = await compiled();
        const names = object.parameters.map(parameter => parameter.name);
        expect(names.sort()).toEqual(Object.keys(template.manifest.parameters).sort());
        for (const parameter of object.parameters) expect(parameter.label).not.toBe(parameter.name);
      });

      it('describes its records and tables', async () => {
        const { object } = await compiled();
        for (const { name, view } of object.maps) {
          if (view.kind === 'events') expect(view.record, name).not.toBeNull();
          if (view.kind === 'histogram') expect(view.unit, name).not.toBe('');
          if (view.kind === 'internal') expect(view.why, name).toMatch(/hidden|libbpf/);
        }
      });

      it('offers each group of attach points from its best rank on', async () => {
        const { object } = await compiled();
        const ranks = new Map<string, Set<number>>();
        for (const { name, autoload, choice, needs, targetParameter } of object.programs) {
          expect(autoload, name).toBe(choice === null);
          for (const need of needs) expect(need).toMatch(LOADER_UNDERSTANDS);
          if (targetParameter !== null)
            expect(object.parameters.map(parameter => parameter.name)).toContain(targetParameter);
          if (choice) ranks.set(choice.group, (ranks.get(choice.group) ?? new Set()).add(choice.rank));
        }
        for (const [group, found] of ranks)
          expect([...found].sort(), group).toEqual([...found.keys()].map((_, rank) => rank));
      });
    });
  });
});

function compileTemplate(
  template: TemplateFolder,
  clang: string,
  btf: BtfSource,
): () => Promise<{ output: string; object: BpfObject }> {
  let result: Promise<{ output: string; object: BpfObject }> | null = null;
  return () => {
    result ??= (async () => {
      const compiled = await compile({
        sourcePath: template.sourcePath,
        btf,
        clang: await findClang({ setting: clang }),
        cacheFolder: join(folder, 'cache'),
        includeFolders: [includeFolder],
        extraFlags: STRICT,
      });
      if (!compiled.ok) throw new Error(compiled.output);
      const bytes = new Uint8Array(readFileSync(compiled.objectPath));
      return { output: compiled.output, object: readObject(bytes, `${template.name}.bpf.o`) };
    })();
    return result;
  };
}

function btfSource(path: string): BtfSource {
  const bytes = new Uint8Array(readFileSync(path));
  const btf = parseBtf(bytes);
  return { id: btfId(bytes), load: () => btf };
}
