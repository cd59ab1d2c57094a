/** The run shown in each README was printed by the formatter as it is now, from the records the program has now. */
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { textOutput } from '../../../src/cli/print/run-text';
import type { BpfObject } from '../../../src/shared/object/model';
import { stackTables } from '../../../src/shared/object/stack-tables';
import { installedClangs, kernelBtfFiles, scratchFolder } from '../compile/toolchain';
import { btfSourceOf, compileTemplate } from './compiled';
import { readTemplates } from './folders';

const { folder, remove } = scratchFolder();
afterAll(remove);
const [clang = 'clang'] = installedClangs();
const [kernel = ''] = (await kernelBtfFiles(folder)).slice(-1);
const btf = btfSourceOf(kernel);

const written: string[] = [];
vi.spyOn(process.stdout, 'write').mockImplementation(text => {
  written.push(String(text));
  return true;
});

/** Branches can be recorded on few machines, none of them virtual: the run shown says so. */
const WITHOUT_HARDWARE = 'lbr';
const templates = readTemplates();

describe.each(templates.filter(({ name }) => name !== WITHOUT_HARDWARE))(
  'the run shown of $name',
  template => {
    const lines = sampleOf(template.readme);

    it('is a run of it, to its end', () => {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^\\$ bpfw run ${template.name} `)));
      expect(lines.at(-1)).toBe('detached (command)');
    });

    it('has the columns the program has', async () => {
      const { object } = await compileTemplate(template, {
        clang,
        btf,
        cacheFolder: join(folder, 'cache'),
      })();
      const heads = headsOf(object);
      for (const head of heads) expect(lines).toContainEqual(expect.stringMatching(head));
      expect(heads.length > 0 || object.usesPrintk).toBe(true);
    });
  },
);

it(`the run shown of ${WITHOUT_HARDWARE} reports what it lacks`, () => {
  const readme = templates.find(({ name }) => name === WITHOUT_HARDWARE)?.readme ?? '';
  expect(sampleOf(readme)).toContainEqual(expect.stringContaining('no last branch records'));
});

/** The indented block below "What it looks like", without its indent. */
function sampleOf(readme: string): string[] {
  const [, section = ''] = readme.split('\n## What it looks like\n');
  const [text = ''] = section.split('\n## ');
  const block = text.split('\n').filter(line => line.startsWith('    ') || line === '');
  return block
    .map(line => line.slice(4))
    .join('\n')
    .trim()
    .split('\n');
}

/** What is printed above the values: lines of any count, key and width of columns. */
function headsOf(object: BpfObject): RegExp[] {
  const streams = object.maps.filter(({ view }) => view.kind === 'events').map(({ name }) => name);
  const output = textOutput(streams);
  const stacks = new Set(stackTables(object).map(({ map }) => map));
  return object.maps.flatMap(map => {
    const { view } = map;
    const label = literally(map.label);
    if (view.kind === 'events' && view.record) {
      const { record } = view;
      const [head = ''] = printed(() => output.event(map.name, record, {}, new Map()));
      return [new RegExp(`^${literally(head)}$`)];
    }
    if (view.kind === 'histogram')
      return [
        new RegExp(`^${label}( \\[.*\\])?: \\d+ values?$`),
        new RegExp(`^ +${literally(view.unit)} : +count$`),
      ];
    if (view.kind !== 'table') return [];
    if (stacks.has(map)) return [new RegExp(`^${label}, outermost frame first; .+:$`)];
    const [, , head = ''] = printed(() => output.map(map, []));
    return [new RegExp(`^${label}:$`), new RegExp(`^ *${head.split(/ {2,}/).map(literally).join(' {2,}')}$`)];
  });
}

function printed(print: () => void): string[] {
  written.length = 0;
  print();
  return written.join('').split('\n');
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
