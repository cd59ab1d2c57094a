import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SandboxVmOptions } from '../../../src/session/vm/boot-vm';
import { SandboxVm } from '../../../src/session/vm/sandbox-vm';
import type { VmError } from '../../../src/session/vm/vm-error';
import { guestOptions, sharedGuest } from './guest';
import { guestAgentPath, workFolder } from './paths';

/** Small, because they run beside the shared guest, whose lock they count on. */
const small: SandboxVmOptions = { ...guestOptions, memoryMb: 512, cpus: 1 };

beforeAll(async () => {
  await sharedGuest();
});

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

async function endsWithin(pid: number, deadlineMs: number): Promise<boolean> {
  for (const deadline = Date.now() + deadlineMs; Date.now() < deadline; await delay(10)) {
    if (!isAlive(pid)) return true;
  }
  return false;
}

/** Where a running guest has its sockets. */
function runFolderOf(qemuPid: number): string {
  return /path=([^,\0]+)\/tracer\.sock/.exec(readFileSync(`/proc/${qemuPid}/cmdline`, 'latin1'))?.[1] ?? '';
}

describe('a guest', () => {
  it('dies with its client, even when that is killed', async () => {
    const script = path.join(workFolder, 'boot-and-wait.mjs');
    await build({
      entryPoints: [path.join(__dirname, 'boot-and-wait.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const client = spawn(process.execPath, [script, guestAgentPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(client.stdout, 'data');
    const qemuPid = Number(/^qemu (\d+)/.exec(String(said))?.[1]);
    expect(isAlive(qemuPid)).toBe(true);
    const folder = runFolderOf(qemuPid);
    expect(existsSync(folder)).toBe(true);
    client.kill('SIGKILL');
    await once(client, 'exit');
    expect(await endsWithin(qemuPid, 1_000)).toBe(true);
    // A killed process cannot tidy up: the next boot does.
    await expect(SandboxVm.boot({ ...small, bootDeadlineMs: 1 })).rejects.toMatchObject({
      code: 'boot-timeout',
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('that crashes fails what is pending, with its last output', async () => {
    const vm = await SandboxVm.boot(small);
    const ended = new Promise<VmError>(resolve => vm.onEnded(resolve));
    const command = (argv: string[]) => ({ argv, cwd: '/', env: {}, stopped: false, uid: 0, gid: 0 });
    const sleeper = await vm.spawn(command(['/bin/sleep', '1000']));
    const outcome = sleeper.exited.then(
      () => null,
      (error: VmError) => error,
    );
    // It may be gone before it could say that it began.
    const crash = 'echo 7 >/proc/sys/kernel/printk; echo c >/proc/sysrq-trigger';
    await vm.spawn(command(['/bin/sh', '-c', crash])).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'guest-died' });
    });
    expect(await outcome).toMatchObject({ name: 'VmError', code: 'guest-died' });
    const reason = await ended;
    expect(reason.consoleTail.join('\n')).toMatch(/Kernel panic/);
    expect(isAlive(vm.qemuPid)).toBe(false);
    await expect(vm.spawn(command(['/bin/true']))).rejects.toMatchObject({ code: 'guest-died' });
    await vm.dispose();
  });

  it('whose agent violates the protocol is ended, with the reason', async () => {
    const vm = await SandboxVm.boot(small);
    const ended = new Promise<VmError>(resolve => vm.onEnded(resolve));
    // Root in the guest takes the agent's own descriptor of its port: the port opens once only.
    const attack = `
import ctypes, glob, os
call = ctypes.CDLL(None, use_errno=True).syscall
for link in glob.glob('/proc/[0-9]*/fd/*'):
    try: target = os.readlink(link)
    except OSError: continue
    if not target.startswith('/dev/vport'): continue
    _, _, pid, _, fd = link.split('/')
    PIDFD_OPEN, PIDFD_GETFD = 434, 438
    os.write(call(PIDFD_GETFD, call(PIDFD_OPEN, int(pid), 0), int(fd), 0), b'\\xff' * 64)
`;
    await vm
      .spawn({ argv: ['python3', '-c', attack], cwd: '/', env: {}, stopped: false, uid: 0, gid: 0 })
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'guest-protocol' }));
    expect(await ended).toMatchObject({ name: 'VmError', code: 'guest-protocol' });
    expect(await endsWithin(vm.qemuPid, 2_000)).toBe(true);
    await vm.dispose();
  });

  it('that is shut down leaves neither process nor folder, and leaves nothing to tidy up when this process ends', async () => {
    const listeners = process.listenerCount('exit');
    const vm = await SandboxVm.boot(small);
    const folder = runFolderOf(vm.qemuPid);
    expect(existsSync(folder)).toBe(true);
    await vm.dispose();
    expect(isAlive(vm.qemuPid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners);
    await vm.dispose();
  });

  it('that is not up in time is ended, with a reason', async () => {
    const booting = SandboxVm.boot({ ...small, acceleration: 'tcg', bootDeadlineMs: 300 });
    await expect(booting).rejects.toMatchObject({ name: 'VmError', code: 'boot-timeout' });
  });

  it('that is not awaited any more is ended', async () => {
    const cancel = new AbortController();
    const booting = SandboxVm.boot({
      ...small,
      acceleration: 'tcg',
      signal: cancel.signal,
      onProgress: ({ step }) => step === 'qemu' && setImmediate(() => cancel.abort(new Error('cancelled'))),
    });
    await expect(booting).rejects.toThrow('cancelled');
  });
});
