/** The sandbox VM's rows of the environment check: its requirements, checked without booting it. */
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Fix } from '../../shared/errors/workbench-error';
import { type EnvironmentRow, lookFor } from '../../system/environment-rows';
import { findExecutable } from '../../system/find-executable';
import { createOwnedFolder } from '../elevation/owned-folder';
import { findGuestNode } from '../vm/guest-node';
import { findKernel } from '../vm/kernel-image';
import { findQemu } from '../vm/qemu';
import { hidingObstacle } from '../vm/shared-files';
import { VmError } from '../vm/vm-error';

const BLOCKS = 'the sandbox VM';

export function vmRows(options: {
  readonly cacheFolder: string;
  readonly qemuPath?: string;
  readonly nodePath?: string;
}): Promise<EnvironmentRow[]> {
  return Promise.all([
    lookFor('QEMU', BLOCKS, () => findQemu(options.qemuPath)),
    lookFor('Kernel', BLOCKS, async () => (await findKernel(options.cacheFolder)).release),
    lookFor('Node.js', BLOCKS, () => findGuestNode(options.nodePath)),
    lookFor('busybox', BLOCKS, () => tool('busybox', 'busybox-static')),
    lookFor('modprobe', BLOCKS, () => tool('modprobe', 'kmod')),
    lookFor('Secrets', 'keeping your keys, tokens and processes from the sandbox VM', hiding),
  ]);
}

/** Tries it, because too many settings restrict namespaces. */
async function hiding(): Promise<string> {
  const folder = await createOwnedFolder(tmpdir(), 'bpfw-doctor-');
  try {
    const obstacle = await hidingObstacle(folder);
    if (obstacle === null) return 'hidden from the VM';
    const what = `the VM can read every file that you can, because a separate mount namespace failed: ${obstacle}`;
    throw new VmError('tool-missing', what, await namespaceSwitch());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The settings that forbid user namespaces, with the value that allows them: Debian's, Ubuntu's, the kernel's. */
const SWITCHES = [
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allows: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allows: '0' },
  { name: 'user.max_user_namespaces', forbids: '0', allows: '10000' },
] as const;

async function namespaceSwitch(): Promise<Fix | null> {
  for (const { name, forbids, allows } of SWITCHES) {
    const file = path.join('/proc/sys', name.replace('.', '/'));
    const value = await readFile(file, 'utf8').catch(() => null);
    if (value?.trim() === forbids) return { command: `sudo sysctl ${name}=${allows}` };
  }
  return null;
}

async function tool(name: string, debianPackage: string): Promise<string> {
  const found = await findExecutable(name);
  if (!found)
    throw new VmError('tool-missing', 'not found', { command: `sudo apt-get install ${debianPackage}` });
  return found;
}
