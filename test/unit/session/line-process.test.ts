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

it('is absent without such a tool', async () => {
  expect(await LineProcess.start('llvm-no-such-tool', [])).toBeNull();
});

it('is ended when an answer does not come in time, and reports the question', async () => {
  const lost: string[] = [];
  const options = { deadlineMs: 300, onLost: (line: string) => lost.push(line) };
  const tool = await LineProcess.start('llvm-cxxfilt', [], options);
  if (!tool) throw new Error('there is no llvm-cxxfilt: sudo apt-get install llvm');
  expect(await tool.ask('_Z3foov')).toBe('foo()');
  const [pid] = childrenNamed('llvm-cxxfilt');
  if (pid === undefined) throw new Error('it is not among the children');
  process.kill(pid, 'SIGSTOP');
  expect(await Promise.all([tool.ask('_Z3barv'), tool.ask('_Z3bazv')])).toEqual([null, null]);
  expect(lost).toEqual(['_Z3barv']);
  expect(tool.isAlive).toBe(false);
});

it('is ended when an answer is larger than any name', async () => {
  const tool = await LineProcess.start('llvm-cxxfilt', []);
  expect(await tool?.ask('x'.repeat(3 << 20))).toBeNull();
  expect(tool?.isAlive).toBe(false);
});
