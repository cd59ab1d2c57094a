/**
 * Text that drives terminals on its way through the kernel: an object's names in what libbpf and the verifier say of it, and
 * what a process calls itself. bpfw prints it as text.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostileObject, TERMINAL_ATTACK } from '../../unit/text/hostile';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';

const cli = path.join(root, 'dist/cli.js');
const object = path.join(workFolder, 'hostile-names.bpf.o');
/** Anything that a terminal obeys or does not show. */
const HARMFUL = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root });
  mkdirSync(workFolder, { recursive: true });
  writeFileSync(object, hostileObject(TERMINAL_ATTACK));
  guest = await sharedGuest();
});

describe('text that drives terminals, in the guest', () => {
  it.each([
    ['verify', []],
    ['verify', ['--json']],
    ['run', []],
    ['run', ['--json']],
  ])('bpfw %s %s shows it where an object is refused', async (command, flags) => {
    const { code, stdout, stderr } = await guest.run(
      [process.execPath, cli, command, object, '--target', 'local', ...flags],
      { timeoutMs: 90_000 },
    );
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('cm0gLXJm');
    expect(stdout + stderr).not.toMatch(HARMFUL);
    expect(stderr).not.toMatch(/^bpfw: all is well/m);
  });

  it.each([[[]], [['--json']]])('bpfw run %s shows what a process calls itself', async flags => {
    const attack = '\\033]52;c;a\\007\\r\\302\\233';
    const { stdout, stderr } = await guest.run(
      [
        ...[process.execPath, cli, 'run', 'hello_perf_output', '--target', 'local', ...flags, '--'],
        ...['sh', '-c', `printf '${attack}' > /proc/self/comm; /bin/true; /bin/true`],
      ],
      { fresh: true, timeoutMs: 90_000 },
    );
    expect(stdout).toMatch(flags.length > 0 ? /\\u001b]52;c;a\\u0007\\r/ : /\\e]52;c;a\\x07\\r/);
    expect(stdout + stderr).not.toMatch(HARMFUL);
  });
});
