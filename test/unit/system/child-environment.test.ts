import { expect, it } from 'vitest';
import {
  CHILD_ENVIRONMENTS,
  type ChildKind,
  childEnvironment,
  environmentOverlay,
} from '../../../src/system/child-environment';
import { runChild } from '../../../src/system/child-process';

const KINDS = Object.keys(CHILD_ENVIRONMENTS) as ChildKind[];

/** Variables that reach the network, run code, or are secrets: no kind of child may inherit one. */
const HOSTILE = {
  DEBUGINFOD_URLS: 'http://127.0.0.1:1/',
  LD_PRELOAD: '/nonexistent.so',
  LD_AUDIT: '/nonexistent.so',
  NODE_OPTIONS: '--inspect',
  NODE_V8_COVERAGE: '/tmp/x',
  LLVM_SYMBOLIZER_OPTS: '--debug-file-directory=/tmp',
  QEMU_LD_PREFIX: '/tmp',
  BASH_ENV: '/tmp/x',
  ENV: '/tmp/x',
  GITHUB_TOKEN: 'secret',
  AWS_SECRET_ACCESS_KEY: 'secret',
  MY_LC_ALL: 'not a locale',
};

it.each(KINDS)('lets nothing through to %s that is not on its list', async kind => {
  const from = { ...HOSTILE, LANG: 'C.UTF-8', LC_MESSAGES: 'C', NOT_SET: undefined };
  expect(childEnvironment(kind, {}, from)).toEqual({ LANG: 'C.UTF-8', LC_MESSAGES: 'C' });
  expect(childEnvironment(kind, { LC_ALL: 'C' }, from)).toEqual({
    LANG: 'C.UTF-8',
    LC_MESSAGES: 'C',
    LC_ALL: 'C',
  });
  const overlay = environmentOverlay(kind, from);
  expect(Object.keys(overlay).toSorted()).toEqual([...Object.keys(HOSTILE), 'NOT_SET'].toSorted());
  expect(Object.values(overlay).every(value => value === undefined)).toBe(true);
});

it.each(KINDS)('gives a started %s the variables of its list only', async kind => {
  for (const [name, value] of Object.entries(HOSTILE)) process.env[name] = value;
  try {
    const { stdout, code } = await runChild(kind, '/usr/bin/env', [], { deadlineMs: 10_000 });
    expect(code).toBe(0);
    const lines = stdout.toString().split('\n');
    expect(lines.filter(isHostile)).toEqual([]);
  } finally {
    for (const name of Object.keys(HOSTILE)) delete process.env[name];
  }
});

function isHostile(line: string): boolean {
  return (line.split('=', 1)[0] ?? '') in HOSTILE;
}

it('ends a program at its deadline, also when a grandchild keeps its output open', async () => {
  const result = await runChild('tool', '/bin/sh', ['-c', 'sleep 600 & echo $!; wait'], {
    deadlineMs: 300,
  });
  expect(result).toMatchObject({ code: null, timedOut: true, truncated: false });
  process.kill(Number(result.stdout.toString()));
});

it('keeps no more output than asked for, and counts what was cut as truncated', async () => {
  const result = await runChild('tool', '/usr/bin/head', ['-c', '5000000', '/dev/zero'], {
    deadlineMs: 10_000,
    outputBytes: 1000,
  });
  expect(result).toMatchObject({ code: 0, truncated: true });
  expect(result.stdout.length).toBe(1000);
});

it('ends a program that needs more memory than it may have', async () => {
  const memoryBytes = 64 << 20;
  const limits = await runChild('tool', '/bin/sh', ['-c', 'ulimit -v; ulimit -c'], {
    deadlineMs: 10_000,
    memoryBytes,
  });
  expect(limits.stdout.toString()).toBe(`${memoryBytes / 1024}\n0\n`);
  // tail keeps what it reads until a line ends.
  const { code, stderr } = await runChild('tool', '/usr/bin/tail', ['-n', '1', '/dev/zero'], {
    deadlineMs: 10_000,
    memoryBytes,
  });
  expect(code).not.toBe(0);
  expect(stderr).toContain('memory exhausted');
});

it('rejects with the system error when there is no such program', async () => {
  await expect(runChild('tool', '/nonexistent', [], { deadlineMs: 1000 })).rejects.toMatchObject({
    code: 'ENOENT',
  });
});
