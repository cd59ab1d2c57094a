import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { machine, release } from 'node:os';
import { libraryFolders } from '../../shared/bpf/binary-folders';
import { fixText } from '../../shared/errors/workbench-error';
import type { EnvironmentRow } from '../../system/environment-rows';
import { processStatus } from '../../system/process-status';
import { findInstalledTracer, type OwnTracer } from '../elevation/installed-tracer';
import { findNode } from '../elevation/real-node';
import { SessionError } from '../errors';
import { localObstacle } from '../targets/choose-target';
import { placeOfThisProcess } from './container-detection';

/** Rows about this kernel and this process. */
export async function localRows(
  nodeSetting: string | undefined,
  canAsk: boolean,
  own: OwnTracer,
): Promise<EnvironmentRow[]> {
  return [
    row('Kernel', true, `Linux ${release()} on ${machine()}, ${await placeOfThisProcess()}`),
    btfRow(),
    await tracefsRow(),
    await lockdownRow(),
    await tracingRow(canAsk),
    gainRow(),
    libbpfRow(),
    await nodeRow(nodeSetting),
    await tracerRow(own),
  ];
}

function row(what: string, ok: boolean, detail: string, blocks = '', fix = ''): EnvironmentRow {
  return { what, ok, detail, blocks: ok ? '' : blocks, fix: ok ? '' : fix };
}

async function nodeRow(setting: string | undefined): Promise<EnvironmentRow> {
  try {
    const node = await findNode(setting, process.env);
    return row(
      'Node.js',
      true,
      node.electron ? `${node.path} (Electron: ring buffers are copied)` : `${node.path} ${node.version}`,
    );
  } catch (error) {
    return row(
      'Node.js',
      false,
      error instanceof Error ? error.message : String(error),
      'attaching to this kernel',
      'sudo apt-get install nodejs',
    );
  }
}

async function tracerRow(own: OwnTracer): Promise<EnvironmentRow> {
  const what = 'Tracer';
  try {
    const installed = await findInstalledTracer(own);
    const detail = installed
      ? `root’s own copy, ${installed.tracerPath}`
      : `${own.tracerPath}, which you can change; BPF: Install Tracer (bpfw install-tracer) installs a copy that only root can change`;
    return row(what, true, detail);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    return row(what, false, error.message, 'attaching to this kernel', fixText(error.fix));
  }
}

function btfRow(): EnvironmentRow {
  const ok = existsSync('/sys/kernel/btf/vmlinux');
  return row(
    'Kernel types (BTF)',
    ok,
    ok ? `/sys/kernel/btf/vmlinux of ${release()}` : `${release()} was built without CONFIG_DEBUG_INFO_BTF`,
    'tracing this kernel',
    'Use a distribution kernel, or the sandbox VM (target vm)',
  );
}

async function tracefsRow(): Promise<EnvironmentRow> {
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
async function lockdownRow(): Promise<EnvironmentRow> {
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

function libbpfRow(): EnvironmentRow {
  const found = libraryFolders(process.arch)
    .map(folder => `${folder}/libbpf.so.1`)
    .find(file => existsSync(file));
  return row(
    'libbpf',
    found !== undefined,
    found ?? 'libbpf.so.1 was not found',
    'attaching, on this kernel and in the sandbox VM',
    'sudo apt-get install libbpf1',
  );
}

/** Snaps, flatpaks and many containers are started with no_new_privs, under which sudo and pkexec cannot work. */
function gainRow(): EnvironmentRow {
  const status = processStatus('self');
  const barred = status?.noNewPrivileges === true && status.uid !== 0;
  return row(
    'Elevation',
    !barred,
    barred ? 'prevented by no_new_privs' : 'not prevented by no_new_privs',
    'sudo and pkexec',
    'VS Code from its .deb instead of a snap or flatpak, or the sandbox VM (target vm)',
  );
}

async function tracingRow(canAsk: boolean): Promise<EnvironmentRow> {
  const obstacle = await localObstacle(null, canAsk);
  const uid = processStatus('self')?.uid;
  return row(
    'Permission to trace',
    obstacle === null,
    obstacle ?? (uid === 0 ? 'root' : 'with your password, through sudo or pkexec'),
    'attaching to this kernel',
    'Use the sandbox VM (target vm): it needs no privileges',
  );
}
