/** What `bpfw run` prints of programs that nobody wrote for it: exact values, and what is only known in part. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';

const folder = path.join(workFolder, 'numbers');
const KILL = ['bash', '-c', 'kill -0 $$'];

let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
  guest = await sharedGuest();
  mkdirSync(folder, { recursive: true });
});

type Line = Readonly<Record<string, unknown>>;

async function run(
  name: string,
  command: readonly string[] = KILL,
  options: { readonly before?: readonly string[]; readonly flags?: readonly string[] } = {},
) {
  const object = path.join(folder, `${name}.bpf.o`);
  writeFileSync(object, (await compileProgram(`test/fixtures/numbers/${name}.bpf.c`)).bytes);
  const { before = [], flags = [] } = options;
  const cli = path.join(root, 'dist/cli.js');
  const argv = [...before, 'node', cli, 'run', object, '--json', ...flags, '--', ...command];
  const { code, stdout, stderr } = await guest.run(argv, { fresh: true, timeoutMs: 110_000 });
  expect(code, stderr).toBe(0);
  const lines: Line[] = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
  const of = (type: string) => lines.filter(each => each.type === type);
  return { stderr, lines, of, events: of('event').map(({ data }) => data as Line) };
}

describe('numbers', () => {
  it('beyond what a double holds, and the open end of the last slot', async () => {
    const { of } = await run('clamped');
    expect(of('globals')[0]?.values).toEqual({ usecs_total: '18446744073709550616' });
    expect(of('hist')[0]).toMatchObject({
      buckets: [{ min: 2 ** 26, max: String(2n ** 64n - 1n) }],
      slots: 'libbpf-tools',
      slotsAssumed: true,
    });
  });

  it('of namespaces are no durations', async () => {
    const { events } = await run('namespace-numbers');
    expect(events).toEqual([{ pid: expect.any(Number), pid_ns: 4026531836, mnt_ns: 4026531841 }]);
  });
});

describe('texts', () => {
  it('of different bytes are different in events and keys', async () => {
    const { events, of } = await run('quotes-and-bytes', [
      'python3',
      path.join(root, 'test/fixtures/numbers/names.py'),
    ]);
    const names = ['two\nlines', '\\xffa', '\\xfea', '   ', 'x'];
    expect(events.map(({ comm }) => comm)).toEqual(names);
    const entries = of('map')[0]?.entries as { readonly key: Line }[];
    expect(entries.map(({ key }) => key.value).sort()).toEqual([...names].sort());
  });

  it('that go on behind their NUL are two keys', async () => {
    const { of } = await run('unterminated-text');
    const entries = of('map')[0]?.entries as { readonly key: Line; readonly value: Line }[];
    expect(entries.map(({ key, value }) => [key.name, value.value]).sort()).toEqual([
      ['ab\0xzzzz', 1],
      ['ab\0yzzzz', 2],
    ]);
  });
});

describe.each(['stack-collisions', 'stack-collisions-unsigned'])('lost stacks of %s', name => {
  it('are counted, with their map and the size that it needs', async () => {
    const { stderr, of } = await run(name, ['bash', '-c', 'for i in {1..50}; do (:); done']);
    const { stacks, lost } = of('stacks').at(-1) as {
      readonly stacks: readonly { readonly frames: readonly string[]; readonly value: Line }[];
      readonly lost: readonly Line[];
    };
    const without = stacks.filter(({ frames }) => frames.some(frame => frame.includes('stack lost')));
    const samples = without.reduce((sum, { value }) => sum + Number(value.value), 0);
    expect(without.length).toBeGreaterThan(0);
    expect(lost).toEqual([
      {
        reason: 'EEXIST',
        entries: without.length,
        samples,
        maps: [{ map: 'stacks', maxEntries: 1 }],
        neededEntries: 16,
      },
    ]);
    expect(stderr).toMatch(new RegExp(`counted ${samples} times, .* stacks \\(max_entries 1\\)`));
    expect(stderr).toContain('Set max_entries to 16 or more.');
  });
});

describe('the process of a command', () => {
  it('is named as not filtered for where the program has no parameter for it; end is the last line', async () => {
    const { stderr, lines } = await run('wanted-pid', ['sh', '-c', 'echo x | tail -1']);
    expect(stderr).toContain('the program has no parameter for a process: it traces every process');
    expect(lines.at(-1)).toMatchObject({ type: 'end', commandExit: 0 });
    expect(lines.at(-2)).toMatchObject({ type: 'drops' });
    expect(lines.filter(({ type }) => type === 'end')).toHaveLength(1);
  });

  it('cannot be chosen in a pid namespace, which is said', async () => {
    const { stderr } = await run('namespace-numbers', KILL, {
      before: ['unshare', '--pid', '--fork', '--mount-proc'],
      flags: ['--target', 'local'],
    });
    expect(stderr).toContain('This is a pid namespace (pid:[');
  });

  it('is continued without an event of its own, unless that is asked for', async () => {
    const all = ['-p', 'target_pid=0'];
    const comms = async (flags: readonly string[]) =>
      (await run('quotes-and-bytes', KILL, { flags: [...all, ...flags] })).events.map(({ comm }) => comm);
    expect(await comms([])).toEqual(['bash']);
    expect(await comms(['--own-events'])).toEqual(
      expect.arrayContaining(['bash', expect.not.stringMatching('bash')]),
    );
  });
});
