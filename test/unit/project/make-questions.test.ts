import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { answer } from '../../../src/project/make-questions';
import { scratchFolder } from '../compile/toolchain';

const { folder, remove } = scratchFolder();
afterAll(remove);
mkdirSync(path.join(folder, 'sub'));
const program = {
  ...{ source: path.join(folder, 'x.bpf.c'), folders: [folder], root: folder, cacheFolder: folder },
  ...{ kernelArch: 'x86', machine: 'x86_64' },
};

it.each([
  ['uname -m', 'x86_64'],
  ["uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/'", 'x86'],
  ["uname -m | sed -e 's|x86_64|x86|' -e 's/aarch64/arm64/' 2>/dev/null", 'x86'],
  ["uname -m | sed 's/x86_64/x86/' | sed 's/mips.*/mips/' | tr a-z A-Z", 'X86'],
  ['uname -p || uname -m', 'x86_64'],
  ['pwd', folder],
  ['cd sub && pwd', path.join(folder, 'sub')],
  ['cd .. && cd . && pwd', path.dirname(folder)],
  ['git rev-parse --show-toplevel', folder],
  ['basename a/b.c', 'b.c'],
  ['dirname a/b.c', 'a'],
  ['echo -n a b', 'a b'],
])('answers what only reads: %s', async (question, text) => {
  expect(await answer(question, folder, program)).toBe(text);
});

it.each([
  "uname -m | sed 's/x/y/e'",
  'uname -m | sed -n -e p /etc/passwd',
  'uname -m | sed -f /etc/passwd',
  'uname -m | sed --in-place p x',
  'uname -m | sed "w x"',
  'uname -m; id',
  'echo `id`',
  'echo $(id)',
  'uname -m & id',
  'pkg-config --define-variable=a=b x',
  'cat /etc/passwd',
  'cat /etc/passwd | sed p',
  '(id)',
  '"',
])('does not answer anything else: %s', async question => {
  expect(await answer(question, folder, program)).toBe('');
});
