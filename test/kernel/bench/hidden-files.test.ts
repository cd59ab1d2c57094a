/** What root in the guest finds of this machine's secrets, on the shared tree below its own mounts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SandboxVm } from '../../../src/session/vm/sandbox-vm';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { guestOptions, sharedGuest, TestGuest } from './guest';
import { workFolder } from './paths';

const SECRET = 'bpfw-test-secret';
/** Where the guest's root binds the shared tree, without what is mounted on it in the guest. */
const BELOW = '/mnt/below';

let home: string;
let guest: TestGuest;
let victim: ChildProcess;
/** Below the home folder. */
const HIDDEN = [
  '.ssh/id_ed25519',
  '.aws/credentials',
  '.config/Code/User/globalStorage/state.vscdb',
  '.mozilla/firefox/logins.json',
  '.netrc',
  'chosen/file',
];
let inShm: string;

/** Boots with the test's own home folder, beside the shared guest, whose lock this counts on. */
beforeAll(async () => {
  await sharedGuest();
  await mkdir(workFolder, { recursive: true });
  home = await realpath(await mkdtemp(path.join(workFolder, 'home-')));
  for (const file of [...HIDDEN, 'project/open']) {
    await mkdir(path.dirname(path.join(home, file)), { recursive: true });
    await writeFile(path.join(home, file), `${SECRET}\n`);
  }
  inShm = await mkdtemp('/dev/shm/bpfw-test-');
  await writeFile(path.join(inShm, 'file'), `${SECRET}\n`);
  victim = spawn('sleep', ['1000'], { env: { TOKEN: SECRET }, cwd: home, stdio: 'ignore' });
  await once(victim, 'spawn');
  const cacheFolder = defaultCacheFolder();
  const ownHome = process.env.HOME;
  process.env.HOME = home;
  try {
    const vm = await SandboxVm.boot({
      ...guestOptions,
      ...{ cacheFolder, memoryMb: 512, cpus: 1, hiddenFolders: ['~/chosen'] },
    });
    guest = new TestGuest(vm, async () => undefined);
  } finally {
    process.env.HOME = ownHome;
  }
  await guest.sh(`mkdir -p ${BELOW} && mount --bind / ${BELOW}`);
});

afterAll(async () => {
  await guest?.dispose();
  victim?.kill('SIGKILL');
  for (const folder of [home, inShm]) if (folder) await rm(folder, { recursive: true, force: true });
});

const read = async (file: string): Promise<string> => (await guest.run(['cat', file])).stdout;

describe('root in the guest', () => {
  it('sees the files of this machine, those of the home folder among them', async () => {
    expect(guest.vm.notHidden).toBeNull();
    expect(await read(path.join(home, 'project/open'))).toBe(`${SECRET}\n`);
    expect(await read(path.join(BELOW, home, 'project/open'))).toBe(`${SECRET}\n`);
    // The owners of files are not shifted by the way they are hidden.
    expect(await guest.sh('stat -c %u /usr/bin/env')).toBe('0\n');
  });

  it.each(HIDDEN)('does not find %s', async file => {
    for (const tree of ['/', BELOW]) expect(await read(path.join(tree, home, file))).toBe('');
  });

  it('finds no process of this machine', async () => {
    const processes = await guest.sh(`ls ${BELOW}/proc`);
    expect(processes).toBe('');
    const exe = await guest.run(['readlink', `${BELOW}/proc/${victim.pid}/exe`]);
    expect(exe.stdout).toBe('');
    const direct = `dd if=${BELOW}/proc/${victim.pid}/environ iflag=direct bs=4096 count=1`;
    expect((await guest.run(['sh', '-c', direct])).stdout).not.toContain(SECRET);
  });

  it('finds no devices, shared memory, sockets or kernel settings of this machine', async () => {
    expect(await read(path.join(BELOW, inShm, 'file'))).toBe('');
    for (const folder of ['dev', 'sys', 'run'])
      expect((await guest.sh(`find ${BELOW}/${folder} -xdev ! -type d | head -3`)).trim()).toBe('');
  });

  it("finds no hash of anybody's password", async () => {
    const shadow = await read(path.join(BELOW, 'etc/shadow'));
    for (const line of shadow.split('\n').filter(each => each !== '')) expect(line.split(':')[1]).toBe('*');
  });

  it('does not see the folder of its own QEMU', async () => {
    const command = readFileSync(`/proc/${guest.vm.qemuPid}/cmdline`, 'latin1');
    const folder = /path=([^,\0]+)\/tracer\.sock/.exec(command)?.[1] ?? '';
    expect(folder).not.toBe('');
    expect(await guest.sh(`ls -A ${BELOW}${folder}`)).toBe('');
  });
});

describe('QEMU', () => {
  it('runs with a filter of system calls, gains no privileges and has no capability but that of reading files', () => {
    const status = readFileSync(`/proc/${guest.vm.qemuPid}/status`, 'utf8');
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) {
      const bits = BigInt(`0x${new RegExp(`^${set}:\\t([0-9a-f]+)$`, 'm').exec(status)?.[1]}`);
      // CAP_DAC_READ_SEARCH is 2 in uapi/linux/capability.h.
      if (set !== 'CapBnd' || process.getuid?.() === 0) expect(bits & ~(1n << 2n), set).toBe(0n);
    }
  });
});
