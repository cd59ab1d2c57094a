/** Every decl tag that is read can be written with a macro of bpfw.h, and is in the documents. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const filesOf = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter(name => /\.(ts|md)$/.test(name))
    .map(name => path.join(folder, name));

const tags = new Set(
  filesOf('src/shared/object').flatMap(file =>
    [...read(file).matchAll(/[tT]ags\.(?:get|has|all|integer)\('([a-z]+)'\)/g)].map(([, tag]) => tag ?? ''),
  ),
);

it('finds the tags', () => {
  expect([...tags]).toEqual(expect.arrayContaining(['label', 'hist', 'slots', 'choice', 'drops']));
});

it.each([...tags])('%s', tag => {
  const header = read('bpf-templates/include/bpfw.h').replaceAll('\\\n', ' ');
  const macro = new RegExp(`#define (BPFW_\\w+)[^\n]*BPFW_TAG\\("${tag}[="]`).exec(header)?.[1];
  expect(macro).toBeDefined();
  const documents = filesOf('docs').map(read).join('\n');
  expect(documents).toMatch(new RegExp(`\\b${macro}\\b`));
});
