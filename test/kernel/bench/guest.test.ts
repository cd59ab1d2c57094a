import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findKernel } from '../../../src/session/vm/kernel-image';
import { kernelImageBtf } from '../../../src/session/vm/vmlinux';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { finished, sharedGuest, type TestGuest } from './guest';
import { workFolder } from './paths';

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

describe('the sandbox VM', () => {
  it('runs the kernel it names, with everything mounted that tracing needs', async () => {
    expect((await guest.sh('uname -r')).trim()).toBe(guest.vm.kernelRelease);
    const mounts = await guest.sh('cat /proc/mounts');
    for (const [type, folder] of [
      ['overlay', '/'],
      ['tracefs', '/sys/kernel/tracing'],
      ['debugfs', '/sys/kernel/debug'],
      ['bpf', '/sys/fs/bpf'],
      ['cgroup2', '/sys/fs/cgroup'],
      ['devpts', '/dev/pts'],
      ['tmpfs', '/dev/shm'],
    ]) {
      expect(mounts).toMatch(new RegExp(`^\\S+ ${folder} ${type} `, 'm'));
    }
    expect(await guest.sh('test -r /sys/kernel/btf/vmlinux && cat /sys/class/net/lo/operstate')).toMatch(
      /unknown|up/,
    );
    expect((await guest.sh('hostname; getent hosts "$(hostname)"')).split('\n')[0]).toBe('bpf-sandbox');
  });

  it('shows this machine’s temporary files, where a checkout or a command may lie, and keeps its own to itself', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'bpfw-seen-'));
    try {
      await writeFile(path.join(folder, 'here'), 'seen\n');
      const started = await guest.spawn(['sh', '-c', `cat ${folder}/here; echo guest >${folder}/there`], {
        fresh: true,
      });
      expect(await finished(started, 20_000)).toMatchObject({ code: 0, stdout: 'seen\n' });
      expect(await readdir(folder)).toEqual(['here']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has the time of this machine', async () => {
    const seconds = Number(await guest.sh('date +%s'));
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(5);
  });

  it('writes to its own files and never to the ones of this machine', async () => {
    await guest.sh('echo guest >/etc/bpfw-test && grep -q guest /etc/bpfw-test');
    await expect(readFile('/etc/bpfw-test')).rejects.toThrow(/ENOENT/);
  });

  it('sees files of this machine as they are now, when asked to', async () => {
    const file = path.join(workFolder, 'fresh.txt');
    await rm(file, { force: true });
    const read = async (): Promise<string> => (await guest.run(['cat', file], { fresh: true })).stdout;
    expect(await read()).toBe('');
    await writeFile(file, 'one');
    expect(await read()).toBe('one');
    await writeFile(file, 'changed in place');
    expect(await read()).toBe('changed in place');
    await writeFile(`${file}.new`, 'replaced');
    await rename(`${file}.new`, file);
    expect(await read()).toBe('replaced');
    await rm(file);
    expect(await read()).toBe('');
  });

  it('has the BTF that its image is known to have without a boot', async () => {
    const kernel = await findKernel(defaultCacheFolder());
    const btf = await kernelImageBtf(kernel, defaultCacheFolder());
    const hash = createHash('sha256')
      .update(btf ?? '')
      .digest('hex');
    expect(await guest.sh('sha256sum /sys/kernel/btf/vmlinux')).toBe(`${hash}  /sys/kernel/btf/vmlinux\n`);
  });

  it('loads modules of its kernel by name', async () => {
    expect(await guest.sh('modprobe null_blk && ls /dev/nullb0 && rmmod null_blk')).toBe('/dev/nullb0\n');
  });
});

describe('spawn', () => {
  it('reports exit codes, signals and both streams', async () => {
    expect(await guest.run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      code: 7,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await guest.run(['sh', '-c', 'kill -KILL $$'])).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('reports what cannot be started', async () => {
    await expect(guest.run(['/no/such/program'])).rejects.toMatchObject({
      code: 'spawn-failed',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('runs as the user asked for, without groups of root', async () => {
    expect(await guest.run(['id'], { uid: 65534, gid: 65534 })).toMatchObject({
      stdout: 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n',
    });
  });

  it('passes stdin on, to its end', async () => {
    const input = 'line\n'.repeat(200_000);
    expect(await guest.run(['sh', '-c', 'wc -c; echo end'], { input })).toMatchObject({
      stdout: `${input.length}\nend\n`,
    });
  });

  it('holds a stopped process before its first instruction, with the pid it will keep', async () => {
    const started = await guest.spawn(['sh', '-c', 'echo $$'], { stopped: true });
    const stat = await guest.sh(`cat /proc/${started.pid}/stat`);
    expect(stat).toMatch(/^\d+ \(sh\) T /);
    await started.resume();
    expect(await finished(started, 20_000)).toEqual({
      code: 0,
      signal: null,
      stdout: `${started.pid}\n`,
      stderr: '',
    });
  });

  it('ends a stopped process that is not wanted any more', async () => {
    const started = await guest.spawn(['echo', 'never'], { stopped: true });
    await started.kill('SIGTERM');
    expect(await finished(started, 20_000)).toEqual({
      code: null,
      signal: 'SIGTERM',
      stdout: '',
      stderr: '',
    });
  });

  it('signals a whole group', async () => {
    const started = await guest.spawn(['sh', '-c', 'sleep 1000 | sleep 1000; echo survived']);
    await started.kill('SIGTERM', { group: true });
    expect(await finished(started, 20_000)).toMatchObject({ signal: 'SIGTERM', stdout: '' });
  });

  it('carries 10 MB of output intact', async () => {
    const bytes = 10_000_000;
    const started = await guest.spawn(['sh', '-c', `yes bpf | head -c ${bytes}`]);
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of started.stdout) {
      hash.update(chunk);
      received += chunk.length;
    }
    expect(received).toBe(bytes);
    expect(hash.digest('hex')).toBe(
      createHash('sha256')
        .update('bpf\n'.repeat(bytes / 4))
        .digest('hex'),
    );
    expect(await started.exited).toMatchObject({ code: 0 });
  });

  it('stops one unread flood without delaying another process', async () => {
    const flood = await guest.spawn(['yes']);
    flood.stdout.pause();
    expect(await guest.run(['echo', 'through'])).toMatchObject({ code: 0, stdout: 'through\n' });
    await flood.kill('SIGKILL');
    expect(await flood.exited).toMatchObject({ signal: 'SIGKILL' });
    flood.stdout.destroy();
    flood.stderr.destroy();
  });
});
