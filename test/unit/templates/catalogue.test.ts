import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '../../../src/templates/catalogue';

const shipped = path.resolve(import.meta.dirname, '../../../bpf-templates');

describe('readCatalogue', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(path.join(tmpdir(), 'bpfw-templates-'));
    cpSync(path.join(shipped, 'bitehist'), path.join(root, 'bitehist'), { recursive: true });
    mkdirSync(path.join(root, 'broken'));
    writeFileSync(path.join(root, 'broken', 'template.json'), '{ "name": ');
    cpSync(path.join(shipped, 'vfsreadlat', 'template.json'), path.join(root, 'vfsreadlat', 'template.json'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('leaves out what is wrong and names the file', async () => {
    const problems: string[] = [];
    const templates = await readCatalogue(root, problem => problems.push(problem.message));
    expect(templates.map(({ manifest }) => manifest.name)).toEqual(['bitehist']);
    expect(problems.sort()).toEqual([
      expect.stringContaining(path.join('broken', 'template.json')),
      expect.stringContaining('vfsreadlat.bpf.c'),
    ]);
  });

  it('throws without a listener for problems', async () => {
    await expect(readCatalogue(root)).rejects.toMatchObject({ code: 'bad-template' });
  });

  it('reads everything that ships', async () => {
    const problems: unknown[] = [];
    expect(await readCatalogue(shipped, problem => problems.push(problem))).not.toEqual([]);
    expect(problems).toEqual([]);
  });
});
