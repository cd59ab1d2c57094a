/** The script runs in a real sh with commands of a made-up distribution, so that nothing is downloaded or installed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installScript } from '../../../../src/session/vm/install-script';
import { findKernel } from '../../../../src/session/vm/kernel-image';

const RELEASE = '6.1.0-99-amd64';
const COMMANDS = {
  dpkg: `if [ "$1" = --print-architecture ]; then echo amd64; exit; fi
mkdir -p "$3/boot" "$3/lib/modules/${RELEASE}/kernel" "$3/usr/share/doc"
touch "$3/boot/vmlinuz-${RELEASE}"`,
  'apt-cache': `case "$1 $3" in
"depends linux-image-amd64") echo "linux-image-amd64"; echo "  Depends: linux-image-${RELEASE}" ;;
*) exit 100 ;;
esac`,
  'apt-get': 'echo "$@" >>"$CALLS"; if [ "$2" = download ]; then touch "$3.deb"; fi',
  depmod: 'echo depmod "$@" >>"$CALLS"',
  sudo: '"$@"',
};

describe('installScript', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "bpfw install's-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(commands: Readonly<Record<string, string>>) {
    const bin = path.join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, body] of Object.entries(commands)) {
      writeFileSync(path.join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    const calls = path.join(folder, 'calls');
    writeFileSync(calls, '');
    const done = spawnSync('/bin/sh', ['-ec', installScript(path.join(folder, 'cache'), 'x64')], {
      env: { PATH: `${bin}:/usr/bin:/bin`, CALLS: calls },
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { ...done, calls: readFileSync(calls, 'utf8') };
  }

  it('unpacks the current kernel where the sandbox VM looks for it', async () => {
    const { status, stderr, calls } = run({ ...COMMANDS, 'qemu-system-x86_64': ':', busybox: ':' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(calls).toBe(`-q download linux-image-${RELEASE}\ndepmod -b root ${RELEASE}\n`);
    expect(await findKernel(path.join(folder, 'cache'))).toMatchObject({ release: RELEASE });
    expect(readdirSync(path.join(folder, 'cache', 'kernels'))).toEqual([RELEASE]);
  });

  it('fails, and leaves nothing, where the package holds no kernel', () => {
    const dpkg = 'if [ "$1" = --print-architecture ]; then echo amd64; exit; fi; mkdir -p "$3/lib"';
    const { status, stderr } = run({ ...COMMANDS, dpkg, 'qemu-system-x86_64': ':', busybox: ':' });
    expect(status).toBe(1);
    expect(stderr).toContain('does not contain a kernel image');
    expect(readdirSync(path.join(folder, 'cache', 'kernels'))).toEqual([]);
  });
});
