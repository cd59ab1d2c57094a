/**
 * Functions that the kernel's own BTF does not have: a module's, and one that nobody has. libbpf looks for both through
 * the BTF of modules, which needs CAP_SYS_ADMIN: a missing name is reported as that, and a module's program gets the right.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';

async function bpfw(command: 'verify' | 'run', name: string, ...more: readonly string[]) {
  const { bytes } = await compileProgram(`test/kernel/session/module-functions/${name}.bpf.c`);
  mkdirSync(workFolder, { recursive: true });
  const file = path.join(workFolder, `${name}.bpf.o`);
  writeFileSync(file, bytes);
  const guest = await sharedGuest();
  const result = await guest.run(
    [process.execPath, path.join(root, 'dist/cli.js'), command, file, '--target', 'local', '--json', ...more],
    { timeoutMs: 120_000 },
  );
  return {
    ...result,
    lines: result.stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line)),
  };
}

beforeAll(() => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli,tracer'], { cwd: root });
});

describe('a function that the kernel’s BTF does not have', () => {
  it('because it is mistyped is a missing function, not a missing right', async () => {
    const { lines, code, stderr } = await bpfw('verify', 'mistyped');
    expect(lines, stderr).toMatchObject([
      { type: 'rejected', program: 'on_read', diagnostics: [{ code: 'attach-target-missing' }] },
    ]);
    expect(code, stderr).toBe(1);
  });

  it('because its module is not loaded names the module and how to load it', async () => {
    const guest = await sharedGuest();
    await guest.sh('rmmod bridge 2>/dev/null || true');
    const { code, stderr } = await bpfw('run', 'module-function', '--', 'true');
    expect(stderr).toMatch(/br_forward.*module 'bridge', which is not loaded/);
    expect(stderr).toContain('sudo modprobe bridge');
    expect(code, stderr).not.toBe(0);
  });

  it('but a loaded module has is verified and attached', async () => {
    const guest = await sharedGuest();
    await guest.sh('modprobe bridge');
    const verified = await bpfw('verify', 'module-function');
    expect(verified.lines, verified.stderr).toMatchObject([
      { type: 'verified', programs: [{ name: 'on_forward' }] },
    ]);
    const run = await bpfw('run', 'module-function', '--', 'true');
    expect(run.lines[0], run.stderr).toMatchObject({
      type: 'attached',
      programs: [{ name: 'on_forward', attach: 'fentry/br_forward' }],
    });
    expect(run.code, run.stderr).toBe(0);
  });
});

describe('a function that a program only imports', () => {
  it('names the library that has it', async () => {
    const { code, stderr } = await bpfw('run', 'imported', '--', 'true');
    expect(stderr).toContain('read is imported from libc.so.6: name that library instead');
    expect(stderr).not.toContain('/proc/self/fd');
    expect(code, stderr).not.toBe(0);
  });
});
