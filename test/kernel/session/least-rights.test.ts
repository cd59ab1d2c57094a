/** bpfw as an ordinary user who holds CAP_BPF and CAP_PERFMON and nothing else, on Debian's settings. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram as compileTemplate } from '../bench/trace';
import { compileProgram, objectPath } from '../tracer/guest-tracer';

const USER = '65534';
let guest: TestGuest;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli,tracer'], { cwd: root, stdio: 'inherit' });
  guest = await sharedGuest();
  await guest.sh(
    `folder='${root}'; while [ "$folder" != / ]; do chmod o+x "$folder"; folder=$(dirname "$folder"); done`,
  );
});

function bpfw(...args: string[]) {
  const capabilities = '-all,+bpf,+perfmon';
  const setpriv = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
  const sets = ['inh-caps', 'ambient-caps'].map(set => `--${set}=${capabilities}`);
  return guest.run([...setpriv, ...sets, 'node', `${root}/dist/cli.js`, ...args], {
    env: { HOME: '/tmp', XDG_CACHE_HOME: '/tmp/bpfw-least-rights' },
    fresh: true,
  });
}

describe('CAP_BPF and CAP_PERFMON', () => {
  it('do for a tp_btf program whose fallback is a tracepoint: tracefs is not asked about it', async () => {
    const { bytes } = await compileTemplate('bitehist');
    const file = path.join(workFolder, 'bitehist.bpf.o');
    writeFileSync(file, bytes);
    const result = await bpfw('run', file, '--', 'true');
    expect(result.stderr).not.toMatch(/refused|not-permitted/);
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('tp_btf/block_rq_complete') });
  });

  it('do for verifying kprobes and bpf_printk, and for saying what the kernel does not have', async () => {
    compileProgram('absent');
    const { code, stdout, stderr } = await bpfw('verify', objectPath('absent'));
    expect(stderr).toContain('not_needed is left out on this target');
    expect(stderr).toContain('the verifier rejected needed.');
    expect(stdout).toContain('no `no_such_function_here` to attach to');
    expect(code).not.toBe(0);
  });
});
