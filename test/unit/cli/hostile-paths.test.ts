/** `bpfw explain` quotes the line of the source that an object's line information names: whatever its author wrote there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { hostileFiles } from '../system/hostile-files';

const root = path.resolve(import.meta.dirname, '../../..');
const log = path.join(root, 'test/fixtures/verifier/6.1/unchecked-map-value.log');
const program = path.join(root, 'test/kernel/verifier/programs/unchecked-map-value.bpf.c');

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-explain-'));
const hostile = hostileFiles();
beforeAll(() => {
  // A process of its own: one that hangs can be ended.
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli', `--outdir=${folder}`], { cwd: root });
}, 60_000);
afterAll(() => {
  hostile.remove();
  rmSync(folder, { recursive: true, force: true });
});

const named = path.join(folder, 'named.c');

/** What `bpfw explain` answers about an object whose line information names a link to `file`. */
async function explain(file: string) {
  const source = path.join(folder, 'program.bpf.c');
  const object = path.join(folder, 'program.bpf.o');
  const { path: clang, includeFolders } = await findClang();
  const headers = includeFolders.flatMap(include => ['-idirafter', include]);
  writeFileSync(source, `#line 1 "${named}"\n${readFileSync(program, 'utf8')}`);
  // clang itself reads the file for BTF's copy of the line: it comes to be afterwards.
  rmSync(named, { force: true });
  execFileSync(clang, ['--target=bpf', '-g', '-O2', ...headers, '-c', source, '-o', object]);
  symlinkSync(file, named);
  const args = [path.join(folder, 'cli.js'), 'explain', log, '--object', object];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' });
}

const QUOTED_LINE = /^ +\d+ \| /m;

it('quotes the line of the file that line information names', async () => {
  const { status, stdout } = await explain(program);
  expect(status).toBe(0);
  expect(stdout).toMatch(QUOTED_LINE);
});

it.each(hostile.all)(
  'quotes nothing of a link to %s',
  async file => {
    const { status, signal, stdout } = await explain(file);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(stdout).toContain(`${named}:`);
    expect(stdout).not.toMatch(QUOTED_LINE);
  },
  30_000,
);
