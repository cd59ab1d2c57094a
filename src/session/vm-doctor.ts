/** The sandbox VM's rows of the environment check: what it needs, found without booting it. */
import { type EnvironmentRow, lookFor } from '../shared/environment';
import { findTool } from './vm/find-tool';
import { findGuestNode } from './vm/guest-node';
import { findKernel } from './vm/kernel-image';
import { findQemu } from './vm/qemu';
import { VmError } from './vm/vm-error';

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
  ]);
}

async function tool(name: string, debianPackage: string): Promise<string> {
  const found = await findTool(name);
  if (!found) throw new VmError('tool-missing', 'not found', `sudo apt-get install ${debianPackage}`);
  return found;
}
