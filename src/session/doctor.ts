/**
 * What works on this machine and what does not: one row each, with what a failing row blocks and the exact mend. Rows
 * about compiling come from the compile room; the caller puts both together.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { localObstacle } from './choose-target';
import { processStatus } from './process-status';
import { findNode } from './real-node';

export interface DoctorRow {
  readonly what: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What cannot be done without it; empty when ok. */
  readonly blocks: string;
  /** A command or a step; empty when ok. */
  readonly mend: string;
}

/** Rows about this kernel and this process. */
export async function localRows(nodeSetting: string | undefined, canAsk: boolean): Promise<DoctorRow[]> {
  return [
    await nodeRow(nodeSetting),
    btfRow(),
    await tracefsRow(),
    await lockdownRow(),
    libbpfRow(),
    await tracingRow(canAsk),
  ];
}

function row(what: string, ok: boolean, detail: string, blocks = '', mend = ''): DoctorRow {
  return { what, ok, detail, blocks: ok ? '' : blocks, mend: ok ? '' : mend };
}

async function nodeRow(setting: string | undefined): Promise<DoctorRow> {
  try {
    const node = await findNode(setting, process.env);
    return row(
      'Node.js for the helper',
      true,
      node.electron ? `${node.path} (Electron: ring buffers are copied)` : `${node.path} ${node.version}`,
    );
  } catch (error) {
    return row(
      'Node.js for the helper',
      false,
      error instanceof Error ? error.message : String(error),
      'attaching to this kernel',
      'sudo apt-get install nodejs',
    );
  }
}

function btfRow(): DoctorRow {
  const ok = existsSync('/sys/kernel/btf/vmlinux');
  return row(
    'Kernel types (BTF)',
    ok,
    ok ? `/sys/kernel/btf/vmlinux of ${release()}` : `${release()} was built without CONFIG_DEBUG_INFO_BTF`,
    'tracing this kernel',
    'Use a distribution kernel, or the sandbox VM (target vm)',
  );
}

async function tracefsRow(): Promise<DoctorRow> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const mounted = /^\S+ \S+ tracefs /m.test(mounts);
  return row(
    'tracefs',
    mounted,
    mounted ? 'mounted' : 'not mounted',
    'classic tracepoints and bpf_printk on this kernel',
    'sudo mount -t tracefs nodev /sys/kernel/tracing',
  );
}

/** Lockdown's "confidentiality" keeps BPF from reading kernel memory (kernel_lockdown(7)). */
async function lockdownRow(): Promise<DoctorRow> {
  const text = await readFile('/sys/kernel/security/lockdown', 'utf8').catch(() => '[none]');
  const mode = /\[(\w+)\]/.exec(text)?.[1] ?? 'none';
  return row(
    'Kernel lockdown',
    mode !== 'confidentiality',
    mode,
    'reading kernel memory from BPF programs',
    'Boot without lockdown=confidentiality, or use the sandbox VM (target vm)',
  );
}

function libbpfRow(): DoctorRow {
  const folders = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
    '/lib',
  ];
  const found = folders.map(folder => `${folder}/libbpf.so.1`).find(file => existsSync(file));
  return row(
    'libbpf',
    found !== undefined,
    found ?? 'libbpf.so.1 was not found',
    'attaching, on this kernel and in the sandbox VM',
    'sudo apt-get install libbpf1',
  );
}

async function tracingRow(canAsk: boolean): Promise<DoctorRow> {
  const obstacle = await localObstacle(null, canAsk);
  const uid = processStatus('self')?.uid;
  return row(
    'Rights to trace this kernel',
    obstacle === null,
    obstacle ?? (uid === 0 ? 'root' : 'with your password, through sudo or pkexec'),
    'attaching to this kernel',
    'Use the sandbox VM (target vm): it needs no rights',
  );
}
