import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { accelerationsToTry, rememberKvm } from '../../../../src/session/vm/acceleration';
import { cpioArchive } from '../../../../src/session/vm/cpio';
import { findKernel, newestKernel } from '../../../../src/session/vm/kernel-image';
import { findQemu } from '../../../../src/session/vm/qemu';
import { SandboxVm } from '../../../../src/session/vm/sandbox-vm';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-vm-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what the sandbox VM needs', () => {
  it('names the package when QEMU is missing', async () => {
    await expect(findQemu('qemu-system-nowhere')).rejects.toMatchObject({
      code: 'qemu-missing',
      fix: { command: expect.stringContaining('apt-get install') },
    });
  });

  it('names the command when there is no kernel image', async () => {
    await expect(findKernel(path.join(folder, 'empty'))).rejects.toMatchObject({
      code: 'kernel-missing',
      fix: { text: expect.stringContaining('BPF: Install Sandbox VM') },
    });
    const chosen = { imagePath: '/no/vmlinuz', modulesFolder: '/no/modules/1.2.3' };
    await expect(findKernel(folder, chosen)).rejects.toMatchObject({ code: 'kernel-missing' });
  });

  it('reports when its agent is not built', async () => {
    await expect(SandboxVm.boot({ agentPath: '/no/agent.js' })).rejects.toMatchObject({
      code: 'agent-missing',
    });
  });

  it('takes the newest kernel that is complete', async () => {
    const unpacked = (release: string, ...files: string[]): void => {
      for (const file of files) {
        const full = path.join(folder, 'kernels', release, file);
        mkdirSync(path.dirname(full), { recursive: true });
        writeFileSync(full, '');
      }
    };
    for (const release of ['6.1.0-9-amd64', '6.1.0-18-amd64']) {
      unpacked(release, `boot/vmlinuz-${release}`, `lib/modules/${release}/kernel/x.ko`);
    }
    unpacked('6.12.0-1-amd64', 'boot/vmlinuz-6.12.0-1-amd64');
    // Another suite's, which tests name.
    const other = '6.12.118+deb13-amd64';
    unpacked(`trixie/${other}`, `boot/vmlinuz-${other}`, `lib/modules/${other}/kernel/x.ko`);
    expect(await newestKernel(path.join(folder, 'kernels/trixie'))).toMatchObject({ release: other });
    expect(await findKernel(folder)).toMatchObject({ release: '6.1.0-18-amd64' });
  });

  it('tries KVM once per start of the machine when it does not work', async () => {
    const kvmMayBeUsed = (await accelerationsToTry('auto', folder)).includes('kvm');
    await rememberKvm(false, folder);
    expect(await accelerationsToTry('auto', folder)).toEqual(['tcg']);
    expect(await accelerationsToTry('kvm', folder)).toEqual(['kvm']);
    writeFileSync(path.join(folder, 'kvm.json'), JSON.stringify({ bootId: 'an earlier one', works: false }));
    expect((await accelerationsToTry('auto', folder)).includes('kvm')).toBe(kvmMayBeUsed);
  });
});

describe('cpioArchive', () => {
  it('writes what cpio reads', () => {
    const archive = cpioArchive([
      { kind: 'folder', path: 'bin' },
      { kind: 'file', path: 'bin/a', mode: 0o755, bytes: Buffer.from('12345') },
      { kind: 'file', path: 'odd', mode: 0o644, bytes: Buffer.from('1') },
    ]);
    expect(archive.length % 4).toBe(0);
    const listing = execFileSync('busybox', ['cpio', '-tv'], { input: archive, encoding: 'utf8' });
    expect(listing).toMatch(/^drwxr-xr-x.* bin$/m);
    expect(listing).toMatch(/^-rwxr-xr-x.* 5 .* bin\/a$/m);
    expect(listing).toMatch(/^-rw-r--r--.* 1 .* odd$/m);
    const out = path.join(folder, 'cpio');
    mkdirSync(out);
    execFileSync('busybox', ['cpio', '-id'], {
      input: archive,
      cwd: out,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    expect(execFileSync('cat', [path.join(out, 'bin/a')], { encoding: 'utf8' })).toBe('12345');
  });
});
