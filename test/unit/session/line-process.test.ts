import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LineProcess } from '../../../src/session/symbols/line-process';

/** Processes of that name that this process started. */
function childrenNamed(name: string): number[] {
  return readdirSync('/proc/self/task')
    .flatMap(task => readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '))
    .filter(pid => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name)
    .map(Number);
}

it('answers nothing once its process was killed, to those who wait and to those who ask later', async () => {
  const tool = await LineProcess.start('llvm-cxxfilt', []);
  if (!tool) throw new Error('there is no llvm-cxxfilt: sudo apt-get install llvm');
  expect(await tool.ask('_Z3foov')).toBe('foo()');
  const [pid, ...others] = childrenNamed('llvm-cxxfilt');
  expect(others).toEqual([]);
  if (pid === undefined) throw new Error('it is not among the children');
  process.kill(pid, 'SIGSTOP');
  const waiting = tool.ask('_Z3barv');
  process.kill(pid, 'SIGKILL');
  expect(await waiting).toBeNull();
  expect(await tool.ask('_Z3bazv')).toBeNull();
  tool.dispose();
});

it('is not there where there is no such tool', async () => {
  expect(await LineProcess.start('llvm-no-such-tool', [])).toBeNull();
});
