/** What the objects say about themselves, compiled by every clang on this machine: promise 1, from the C to the panel. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { alternatives } from '../../../src/shared/object/alternatives';
import { mainPanelsOf } from '../../../src/shared/object/panels';
import { installedClangs, kernelBtfFiles, scratchFolder } from '../compile/toolchain';
import { btfSourceOf, compileTemplate } from './compiled';
import { readTemplates } from './folders';

const templates = readTemplates();
const { folder, remove } = scratchFolder();
afterAll(remove);

const LOADER_UNDERSTANDS =
  /^(btf-args:\w+:\d+|module:\w+(:\w+(\|\w+)*)?|tracepoint:\w+:\w+|(no-)?field:\w+\.\w+|branch-stack)$/;

describe.each(await kernelBtfFiles(folder))('types of %s', path => {
  const btf = btfSourceOf(path);
  describe.each(installedClangs())('with %s', clang => {
    describe.each(templates)('$name', template => {
      const compiled = compileTemplate(template, { clang, btf, cacheFolder: join(folder, 'cache') });

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
        // Nothing is left to be recognised as an alternative.
        expect(alternatives(object.programs)).toEqual([]);
      });
    });
  });
});
