/** What a user is told, and what stays behind, when a part the way from source to kernel stands on is not there. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { traceBench } from '../bench/trace';

let guest: TestGuest;
/** The file behind libbpf.so.1, as the guest's loader finds it. */
let libbpf = '';
const PROGRAM_FOLDER = '/tmp/bpfw-without-clang';

beforeAll(async () => {
  guest = await sharedGuest();
  libbpf = (
    await guest.sh('realpath "$(ldconfig -p | sed -n \'s/.*libbpf\\.so\\.1 .*=> //p\' | head -n 1)"')
  ).trim();
  await guest.sh(`mkdir -p ${PROGRAM_FOLDER}; ln -s "$(command -v node)" ${PROGRAM_FOLDER}/node`);
});
afterAll(() => guest.sh(`rm -r ${PROGRAM_FOLDER}`));

/** bpfw in the guest, where "local" is the guest's own kernel, with nothing cached. */
async function runTemplate(prepare = '', environment: Readonly<Record<string, string>> = {}) {
  const bpfw = `node '${path.join(root, 'dist/cli.js')}' run vfsreadlat --target local --json -- cat /etc/passwd`;
  return guest.run(
    [
      '/usr/bin/unshare',
      '--mount',
      '/bin/sh',
      '-euc',
      `cache=$(/usr/bin/mktemp -d); XDG_CACHE_HOME=$cache; export XDG_CACHE_HOME; ${prepare}\n${bpfw}`,
    ],
    { env: environment, fresh: true, timeoutMs: 280_000 },
  );
}

const loadedPrograms = () => guest.sh('bpftool -j prog show');

describe('a machine that lacks a part: exit 3, what is missing, the command that fixes it, nothing attached', () => {
  it.each([
    {
      part: 'clang',
      prepare: '',
      environment: { PATH: PROGRAM_FOLDER },
      says: /^bpfw: .*clang/m,
      fix: /^bpfw: to fix it: sudo apt-get install clang/m,
    },
    {
      part: "libbpf's headers",
      prepare: 'mount -t tmpfs none /usr/include/bpf',
      environment: {},
      says: /^bpfw: The libbpf headers \(bpf\/bpf_helpers\.h\) are not installed\./m,
      fix: /^bpfw: to fix it: sudo apt-get install libbpf-dev$/m,
    },
    {
      part: "the kernel's BTF",
      prepare: 'mount -t tmpfs none /sys/kernel/btf',
      environment: {},
      says: /^bpfw: This kernel \(\S+\) provides no type information \(BTF\): \/sys\/kernel\/btf\/vmlinux cannot be read/m,
      fix: /^bpfw: to fix it: Use a kernel built with CONFIG_DEBUG_INFO_BTF=y, or switch to the sandbox VM/m,
    },
    {
      part: 'libbpf.so.1',
      prepare: 'mount --bind /dev/null "$LIBBPF"',
      environment: {},
      says: /^bpfw: libbpf, which loads programs into the kernel, is not installed or cannot be loaded \(libbpf\.so\.1 .*\)\. Nothing was attached\./m,
      fix: /^bpfw: to fix it: sudo apt-get install libbpf1$/m,
    },
  ])('$part', async ({ prepare, environment, says, fix }) => {
    const before = await loadedPrograms();
    const { code, stdout, stderr } = await runTemplate(prepare, { LIBBPF: libbpf, ...environment });
    expect({ code, stdout, stderr }).toMatchObject({ code: 3, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(fix);
    expect(await loadedPrograms()).toBe(before);
  });

  // Compiles, reads the kernel's types and attaches, all inside the emulated guest.
  it('with all of them, the same command traces', { timeout: deadlineMs(300_000) }, async () => {
    const { code, stdout } = await runTemplate();
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).type),
    ).toEqual(['attached', 'hist', 'globals', 'drops', 'end']);
  });
});

describe('a sandbox VM without libbpf.so.1', () => {
  it('reports it, and starts its tracer once the library is there', async () => {
    const { target } = await traceBench();
    const connect = () =>
      target.connect({
        capabilities: [],
        objectName: 'missing-parts',
        progress: () => undefined,
        ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      });
    const running = await connect();
    running.close();
    await running.closed;
    await guest.sh(`mount --bind /dev/null '${libbpf}'`);
    try {
      await expect(connect()).rejects.toMatchObject({
        code: 'libbpf-missing',
        message: expect.stringContaining('libbpf.so.1 cannot be loaded'),
        fix: { command: 'sudo apt-get install libbpf1' },
      });
    } finally {
      await guest.sh(`umount '${libbpf}'`);
    }
    const again = await connect();
    expect(again.hello.libbpfVersion).toMatch(/^1\.\d+$/);
    again.close();
  });
});
