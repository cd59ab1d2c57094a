/** Where this process runs, for the user who reads the environment check or a bug report. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

const read = (file: string) => readFile(file, 'utf8').catch(() => '');

/**
 * "on the machine itself", or the layers around this process, outermost last: "in a container (docker) on a virtual
 * machine (QEMU)". Whose kernel it is depends on them: a container's is its host's.
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

/** As systemd-detect-virt(1) tells containers, as far as an ordinary user may look. */
async function containerName(): Promise<string | null> {
  if (existsSync('/run/.containerenv')) return 'podman';
  if (existsSync('/.dockerenv')) return 'docker';
  const name = (await read('/run/systemd/container')).trim();
  if (name) return name;
  if (process.env.KUBERNETES_SERVICE_HOST) return 'kubernetes';
  return /\b(docker|kubepods|libpod|lxc)\b/.exec(await read('/proc/1/cgroup'))?.[1] ?? null;
}

/** WSL 2 names itself in the kernel's release; the `hypervisor` flag is CPUID's for every guest. */
async function virtualMachineName(): Promise<string | null> {
  if (/microsoft/i.test(release())) return 'WSL 2';
  const vendor = (await read('/sys/class/dmi/id/sys_vendor')).trim();
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(await read('/proc/cpuinfo'));
  if (!isGuest) return null;
  return vendor ? `a virtual machine (${vendor})` : 'a virtual machine';
}
