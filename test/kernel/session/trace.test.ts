/** bpfw trace on a real kernel, with workloads whose numbers are known. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

/** Reads 40 times 100 bytes. */
const DD = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100', 'count=40'];

let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli,tracer'], { cwd: root, stdio: 'inherit' });
  guest = await sharedGuest();
});

type Line = Readonly<Record<string, unknown>>;

const CLI = path.join(root, 'dist/cli.js');
const folder = path.join(workFolder, 'trace');

/** What `bpfw trace WORDS --print` prints for the sandbox VM's kernel. */
function printed(words: readonly string[]): string {
  return execFileSync(process.execPath, [CLI, 'trace', ...words, '--print'], {
    cwd: root,
    env: { ...process.env, BPFW_TARGET: 'vm' },
    encoding: 'utf8',
    timeout: deadlineMs(60_000),
  });
}

/** The program that `bpfw trace` writes, compiled outside the guest, where clang takes 20 times less, and run by it. */
async function trace(words: readonly string[], command: readonly string[], options: readonly string[] = []) {
  mkdirSync(folder, { recursive: true });
  const source = path.join(folder, 'traced.bpf.c');
  writeFileSync(source, printed(words));
  const object = path.join(folder, 'traced.bpf.o');
  writeFileSync(object, (await compileProgram(source)).bytes);
  return run(['run', object, ...options], command);
}

async function run(words: readonly string[], command: readonly string[]) {
  const argv = ['node', CLI, ...words, '--json', '--', ...command];
  const { code, stdout, stderr } = await guest.run(argv, { fresh: true, timeoutMs: 110_000 });
  const lines: Line[] = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
  expect(code, stderr).toBe(0);
  const drops = lines.find(line => line.type === 'drops');
  expect(drops).toMatchObject({ kernel: 0, helper: 0, client: 0 });
  return {
    programs: (lines.find(line => line.type === 'attached')?.programs ?? []) as Line[],
    globals: (lines.find(line => line.type === 'globals')?.values ?? {}) as Line,
    hists: lines.filter(line => line.type === 'hist'),
    entries: (lines.find(line => line.type === 'map')?.entries ?? []) as Line[],
    events: lines.filter(line => line.type === 'event').map(line => line.data as Line),
    stacks: (lines.find(line => line.type === 'stacks')?.stacks ?? []) as Line[],
  };
}

interface Bucket {
  readonly min: number;
  readonly max: number;
  readonly count: number;
}
const bucketsOf = (hist: Line | undefined): Bucket[] => (hist?.buckets ?? []) as Bucket[];
const framesOf = (stack: Line | undefined): string[] => (stack?.frames ?? []) as string[];
const sum = (hist: Line | undefined): number => bucketsOf(hist).reduce((all, { count }) => all + count, 0);

describe('a kernel function', () => {
  it('is counted by an argument', async () => {
    // The whole of it in the guest: write, compile, attach.
    const { globals, programs } = await run(['trace', 'vfs_read', '--where', 'count == 100'], DD);
    expect(programs.map(({ attach }) => attach)).toEqual(['fentry/vfs_read']);
    expect(globals).toMatchObject({ calls: 40 });
  });

  it('has a latency for each call, by the command', async () => {
    const words = ['vfs_read', '--latency', '--by', 'comm', '--where', 'count == 100 && comm == "dd"'];
    const { hists, globals } = await trace(words, DD);
    expect(hists).toMatchObject([{ map: 'dist', unit: 'ns', key: { comm: 'dd' } }]);
    expect(sum(hists[0])).toBe(40);
    // A call takes some time, and not a second.
    expect(bucketsOf(hists[0]).every(({ min, max }) => max > 10 && min < 1e9)).toBe(true);
    expect(globals).toMatchObject({ calls_missed: 0, keys_missed: 0 });
  });

  it('has a histogram of its result', async () => {
    const { hists, globals } = await trace(
      ['vfs_read', '--hist', 'result', '--where', 'result == count && count == 100'],
      DD,
    );
    expect(bucketsOf(hists[0])).toEqual([{ min: 64, max: 127, count: 40 }]);
    expect(globals).toMatchObject({ values_negative: 0 });
  });

  it('counts by a member that is two pointers away', async () => {
    // /dev/zero is a character device: S_IFCHR (0020000) of include/uapi/linux/stat.h.
    const words = [
      'vfs_read',
      'vfs_write',
      '--by',
      'file->f_inode->i_mode & 61440',
      '--where',
      'count == 100',
    ];
    const { entries } = await trace(words, DD);
    expect(entries).toHaveLength(2);
    for (const probe of ['vfs_read', 'vfs_write'])
      expect(entries).toContainEqual({ key: { probe, value: 8192 }, value: { calls: 40 } });
  });

  it('has the stacks that lead to it', async () => {
    const { stacks, programs } = await trace(
      ['vfs_read', '--stacks', '--by', 'comm', '--where', 'count == 100'],
      DD,
    );
    expect(programs.map(({ attach }) => attach)).toEqual(['kprobe/vfs_read']);
    expect(stacks).toMatchObject([{ key: { comm: 'dd' }, value: { calls: 40 } }]);
    expect(framesOf(stacks[0]).at(-1)).toMatch(/^vfs_read/);
    expect(framesOf(stacks[0]).some(frame => frame.includes('ksys_read'))).toBe(true);
  });
});

describe('the printed program', () => {
  it('runs by itself, and by kprobes', async () => {
    const words = ['vfs_read', '--hist', 'result', '--where', 'count == 100'];
    const without = ['vfs_read_fentry', 'vfs_read_fexit'].flatMap(name => ['--without', name]);
    const { hists, programs } = await trace(words, DD, without);
    expect(programs.map(({ attach }) => attach)).toEqual(['kprobe/vfs_read', 'kretprobe/vfs_read']);
    expect(bucketsOf(hists[0])).toEqual([{ min: 64, max: 127, count: 40 }]);
  });
});

describe('a system call', () => {
  it('is an event with its arguments and result', async () => {
    // The command fails on the second file; its exit code is not ours.
    const { events } = await trace(['sys:openat', '--events'], ['cat', '/etc/hostname', '/etc/no-such-file']);
    const opened = events.filter(({ filename }) => filename === '/etc/hostname');
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({ comm: 'cat', dfd: -100, flags: 0 });
    expect(opened[0]?.result).toBeGreaterThanOrEqual(3);
    expect(events.find(({ filename }) => filename === '/etc/no-such-file')).toMatchObject({ result: -2 });
  });
});

describe('a tracepoint', () => {
  const THREE = ['sh', '-c', 'for i in 1 2 3; do /bin/true; done'];

  it('is counted by a text in its record', async () => {
    const { entries } = await trace(['sched:sched_process_exec', '--by', 'filename'], THREE, ['--pid', '0']);
    expect(entries).toContainEqual({ key: { filename: '/bin/true' }, value: { calls: 3 } });
  });

  it('is counted by a member of an argument that its record does not have', async () => {
    const words = ['sched:sched_process_fork', '--by', 'parent->comm'];
    const { entries, programs } = await trace(words, THREE);
    expect(programs.map(({ attach }) => attach)).toEqual(['tp_btf/sched_process_fork']);
    expect(entries).toEqual([{ key: { comm: 'sh' }, value: { calls: 3 } }]);
  });
});

describe('a function of a program', () => {
  const target = workloadPath('probe_target');
  const probe = `${target}:probed`;

  it('has a histogram of its argument, and of its result', async () => {
    const argument = await trace([probe, '--hist', 'arg0'], [target, '1000']);
    expect(sum(argument.hists[0])).toBe(1000);
    expect(bucketsOf(argument.hists[0]).at(-1)).toEqual({ min: 512, max: 1023, count: 488 });
    const result = await trace([probe, '--hist', 'result', '--where', 'arg0 >= 512'], [target, '1000']);
    expect(bucketsOf(result.hists[0])).toEqual([{ min: 1024, max: 2047, count: 488 }]);
  });

  it('has a latency, and stacks', async () => {
    const { hists } = await trace([probe, '--latency'], [target, '500']);
    expect(sum(hists[0])).toBe(500);
    const { stacks } = await trace([probe, '--stacks'], [target, '500']);
    expect(stacks).toHaveLength(1);
    expect(stacks[0]).toMatchObject({ value: { calls: 500 } });
    expect(framesOf(stacks[0]).slice(-2)).toEqual(['main', 'probed']);
  });
});
