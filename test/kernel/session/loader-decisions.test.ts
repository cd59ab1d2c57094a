/** What an object's own loader would have decided, on a real kernel: counts that tell whether it was decided right. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';

const folder = path.join(workFolder, 'loader-decisions');
/** Writes 40 times 100 bytes. */
const WORKLOAD = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100', 'count=40'];

let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
  guest = await sharedGuest();
  mkdirSync(folder, { recursive: true });
});

type Line = Readonly<Record<string, unknown>>;

async function run(name: string, options: readonly string[] = [], command: readonly string[] = WORKLOAD) {
  const object = path.join(folder, `${name}.bpf.o`);
  writeFileSync(object, (await compileProgram(`test/fixtures/loader-decisions/${name}.bpf.c`)).bytes);
  const argv = [
    'node',
    path.join(root, 'dist/cli.js'),
    'run',
    object,
    '--json',
    ...options,
    '--',
    ...command,
  ];
  const { code, stdout, stderr } = await guest.run(argv, { fresh: true, timeoutMs: 110_000 });
  const lines: Line[] = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
  const line = (type: string): Line => lines.find(each => each.type === type) ?? {};
  const globals = (line('globals').values ?? {}) as Line;
  return { code, stderr, attached: line('attached'), globals, lines };
}
const programs = ({ programs = [] }: Line) => (programs as Line[]).map(({ name }) => name);

describe('two ways to the same count', () => {
  it('are attached one at a time, for the process of the command', async () => {
    const { code, stderr, attached, globals } = await run('two-ways');
    expect(code, stderr).toBe(0);
    expect(programs(attached)).toEqual(['write_by_fentry']);
    expect(attached.leftOut).toEqual([
      {
        name: 'write_by_kprobe',
        section: 'kprobe/vfs_write',
        because: 'alternative',
        why: 'write_by_fentry (fentry/vfs_write) counts the same',
        unfilled: [],
      },
    ]);
    // dd's 40 writes, and its three lines of statistics.
    expect(writesOf(globals)).toBeGreaterThanOrEqual(40);
    expect(writesOf(globals)).toBeLessThan(80);
  });

  it('are both attached when both are named, and then count twice', async () => {
    const { attached, globals } = await run('two-ways', [
      '--program',
      'write_by_kprobe',
      '--program',
      'write_by_fentry',
    ]);
    expect(programs(attached)).toEqual(['write_by_kprobe', 'write_by_fentry']);
    expect(writesOf(globals)).toBeGreaterThanOrEqual(80);
  });

  it('leave the other when one is excluded', async () => {
    const { attached } = await run('two-ways', ['--without', 'write_by_fentry']);
    expect(programs(attached)).toEqual(['write_by_kprobe']);
  });
});

/** calls[CALL_WRITE], by position or by name. */
function writesOf(globals: Line): number {
  const calls = globals.calls as Record<string, number>;
  return Number(calls.CALL_WRITE ?? calls[1]);
}

describe('a place that the kernel lacks', () => {
  it('costs its own program only, and is named once with what stays empty', async () => {
    const { code, stderr, attached, globals } = await run('one-place-missing');
    expect(code, stderr).toBe(0);
    expect(programs(attached)).toEqual(['on_write']);
    expect(stderr.match(/function_of_another_kernel\)? is not attached.*others stays empty/g)).toHaveLength(
      1,
    );
    expect(Number(globals.writes)).toBeGreaterThanOrEqual(40);
  });

  it('is an error when its program was asked for', async () => {
    const { code, stderr } = await run('one-place-missing', ['--program', 'on_other']);
    expect(code).toBe(3);
    expect(stderr).toContain("the kernel has no function 'function_of_another_kernel'");
  });
});

describe('a stack map without the size of a stack', () => {
  const SYNC = ['sh', '-c', 'echo x >/tmp/synced && sync /tmp/synced'];

  it('gets the deepest stacks, or as deep as asked', async () => {
    const { code, stderr, lines } = await run('stack-size-by-loader', [], SYNC);
    expect(code, stderr).toBe(0);
    const shown = JSON.stringify(lines.filter(({ type }) => type === 'stacks'));
    expect(shown).toContain('vfs_fsync_range');
    const shallow = await run('stack-size-by-loader', ['-p', 'frames.frames=2'], SYNC);
    const stacks = shallow.lines
      .filter(({ type }) => type === 'stacks')
      .flatMap(line => line.stacks as Line[]);
    expect(stacks.length).toBeGreaterThan(0);
    for (const { frames } of stacks) expect(frames).toHaveLength(2);
  });
});

describe('a function that the loader puts in', () => {
  it('is asked for, with functions of that name', async () => {
    const { code, stderr } = await run('ask-for-the-function');
    expect(code).toBe(3);
    expect(stderr).toContain('SEC("kprobe/dummy_file_read") stands for a function');
    expect(stderr).toMatch(/-p dummy_file_read=FUNCTION, such as \w*file_read\w*/);
  });

  it('is attached to as given', async () => {
    const { attached, globals } = await run('ask-for-the-function', ['-p', 'dummy_file_read=vfs_write']);
    expect(attached.programs).toMatchObject([{ name: 'on_call', attach: 'kprobe/vfs_write' }]);
    expect(Number(globals.calls)).toBeGreaterThanOrEqual(40);
  });
});

describe('slots in the keys of a hash', () => {
  it('are a histogram for each rest of the key, with the sum of the values', async () => {
    const { code, stderr, lines } = await run('buckets-as-keys', [], [...WORKLOAD, 'status=none']);
    expect(code, stderr).toBe(0);
    const histograms = lines.filter(({ type }) => type === 'hist');
    // The guest's scheduler may move dd to another CPU.
    const buckets = histograms.flatMap(each => each.buckets as Line[]);
    expect(new Set(buckets.map(({ min, max }) => `${min}-${max}`))).toEqual(new Set(['64-127']));
    expect(buckets.reduce((sum, each) => sum + Number(each.count), 0)).toBe(40);
    expect(histograms.reduce((sum, each) => sum + Number(each.sum), 0)).toBe(4000);
    expect(lines.some(({ type }) => type === 'map')).toBe(false);
  });
});
