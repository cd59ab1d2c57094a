/** What a user can choose from on a target: its processes and disks. Queried without privileges. */
import type { Target } from './target';

export interface ListedProcess {
  readonly pid: number;
  readonly comm: string;
  /** Arguments separated by spaces; '' for kernel threads. */
  readonly commandLine: string;
}

export interface ListedDisk {
  /** Device number "253:0", as in the kernel. */
  readonly device: string;
  readonly name: string;
  readonly bytes: number;
}

/** Processes of the target, by pid. Rejects as Target.spawn does. */
export async function listProcesses(target: Target): Promise<ListedProcess[]> {
  // One command for all files: a process per file is slow on an emulated machine.
  const output = await outputOf(target, 'grep -as "" /proc/[0-9]*/comm /proc/[0-9]*/cmdline');
  const processes = new Map<number, { pid: number; comm: string; commandLine: string }>();
  for (const line of output.split('\n')) {
    const [, pidText, file, text = ''] = /^\/proc\/(\d+)\/(comm|cmdline):(.*)$/.exec(line) ?? [];
    const pid = Number(pidText);
    if (!pid) continue;
    const process = processes.get(pid) ?? { pid, comm: '', commandLine: '' };
    processes.set(pid, process);
    if (file === 'comm') process.comm = text;
    else process.commandLine = text.replaceAll('\0', ' ').trim();
  }
  return [...processes.values()].filter(({ comm }) => comm !== '').sort((a, b) => a.pid - b.pid);
}

/** Disks and partitions of the target, as /proc/partitions lists them (sizes there are in KiB). */
export async function listDisks(target: Target): Promise<ListedDisk[]> {
  const output = await outputOf(target, 'cat /proc/partitions');
  return output.split('\n').flatMap(line => {
    const [, major, minor, kib, name] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ device: `${major}:${minor}`, name, bytes: Number(kib) * 1024 }];
  });
}

async function outputOf(target: Target, script: string): Promise<string> {
  const parts: Uint8Array[] = [];
  const started = await target.spawn(
    { argv: ['sh', '-c', script], cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    (stream, bytes) => {
      if (stream === 'stdout') parts.push(bytes.slice());
    },
  );
  await started.resume();
  await started.exited;
  return Buffer.concat(parts).toString('utf8');
}
