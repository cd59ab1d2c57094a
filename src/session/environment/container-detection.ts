/** Where this process runs, for the environment check and bug reports. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

const read = (file: string) => readFile(file, 'utf8').catch(() => '');

/**
 * "on the machine itself", or the layers around this process, outermost last: "in a container (docker) on a virtual
 * machine (QEMU)". They determine whose kernel it is: a container uses its host's.
 */
export async function placeOfThisProcess(): Promise<string> {
  const container = await containerName();
  const virtual = await virtualMachineName();
  const layers = [
    ...(process.env.SNAP ? ['in a snap'] : []),
    ...(existsSync('/.flatpak-info') ? ['in a flatpak'] : []),
    ...(container ? [`in a container (${container}; the kernel is its host's)`] : []),
    ...(virtual ? [`in ${virtual}`] : []),
  ];
  return layers.length === 0 ? 'on the machine itself' : layers.join(', ');
}

/** Detects containers as systemd-detect-virt(1) does, as far as that is possible without privileges. */
async function containerName(): Promise<string | null> {
  if (existsSync('/run/.containerenv')) return 'podman';
  if (existsSync('/.dockerenv')) return 'docker';
  const name = (await read('/run/systemd/container')).trim();
  if (name) return name;
  if (process.env.KUBERNETES_SERVICE_HOST) return 'kubernetes';
  return /\b(docker|kubepods|libpod|lxc)\b/.exec(await read('/proc/1/cgroup'))?.[1] ?? null;
}

/** WSL 2 is recognised by the kernel's release; the `hypervisor` flag of CPUID is set in every guest. */
async function virtualMachineName(): Promise<string | null> {
  if (/microsoft/i.test(release())) return 'WSL 2';
  const vendor = (await read('/sys/class/dmi/id/sys_vendor')).trim();
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(await read('/proc/cpuinfo'));
  if (!isGuest) return null;
  return vendor ? `a virtual machine (${vendor})` : 'a virtual machine';
}
