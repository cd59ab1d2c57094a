/** The overhead guard on a real kernel: a hot program is detached with the reason, one that costs little stays. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';

const object = path.join(workFolder, 'guard/hot.bpf.o');
let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
  guest = await sharedGuest();
  const { bytes } = await compileProgram('test/kernel/guard/hot.bpf.c');
  mkdirSync(path.dirname(object), { recursive: true });
  writeFileSync(object, bytes);
});

/** System calls for about as long as the guard looks, and half as long again. */
const BUSY =
  'end=$(($(date +%s) + 8)); while [ $(date +%s) -lt $end ]; do dd if=/dev/zero of=/dev/null bs=1 count=20000 status=none; done';

async function run(guard: string): Promise<{ code: number | null; stderr: string; end: unknown }> {
  const cli = path.join(root, 'dist/cli.js');
  const argv = ['node', cli, 'run', object, '--json', '--guard', guard, '--', 'sh', '-c', BUSY];
  const { code, stdout, stderr } = await guest.run(argv, { fresh: true, timeoutMs: 110_000 });
  const lines = stdout.trim().split('\n');
  return { code, stderr, end: JSON.parse(lines.at(-1) ?? 'null') };
}

describe('bpfw run --guard', () => {
  it('detaches what takes more, reports it, and waits for the command', async () => {
    const { code, stderr, end } = await run('5');
    expect(stderr).toMatch(
      /Detached by the overhead guard: over \d+ s its programs took \d+(\.\d)? % and the tracer/,
    );
    expect(end).toEqual({ type: 'end', reason: 'detached', commandExit: 0 });
    expect(code).toBe(0);
    expect(await guest.sh('bpftool -j prog show')).not.toContain('"burn"');
    expect((await guest.sh('cat /proc/sys/kernel/bpf_stats_enabled')).trim()).toBe('0');
  });

  it('leaves what takes less', async () => {
    const { end, stderr } = await run('10000');
    expect(stderr).not.toContain('Detached by the overhead guard');
    expect(end).toEqual({ type: 'end', reason: 'command', commandExit: 0 });
  });

  it('takes a share, and nothing else', async () => {
    const cli = path.join(root, 'dist/cli.js');
    expect(await guest.run(['node', cli, 'run', object, '--guard', 'much'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--guard 'much' is not a percentage of one CPU"),
    });
  });
});
