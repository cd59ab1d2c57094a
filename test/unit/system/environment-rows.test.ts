import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CompileEnvironmentError } from '../../../src/compile/environment-error';
import { lookFor } from '../../../src/system/environment-rows';

it('takes a fix from errors of ours only: those of the system have a code as well', async () => {
  const missing = async () => {
    throw new CompileEnvironmentError('clang-missing', 'There is no clang.', {
      command: 'apt-get install clang',
    });
  };
  expect(await lookFor('clang', 'compiling', missing)).toEqual({
    what: 'clang',
    ok: false,
    detail: 'There is no clang.',
    blocks: 'compiling',
    fix: 'apt-get install clang',
  });
  const raw = async () => {
    await readFile('/absent').catch(error => {
      throw Object.assign(error, { fix: 'rm -rf /' });
    });
    return '';
  };
  expect(await lookFor('file', 'compiling', raw)).toMatchObject({ ok: false, fix: '' });
});
