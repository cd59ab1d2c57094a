/** The sandbox VM's rows of the environment check: what it needs, found without booting it. */
import type { DoctorRow } from './doctor';
import { findTool } from './vm/find-tool';
import { findGuestNode } from './vm/guest-node';
import { findKernel } from './vm/kernel-image';
import { findQemu } from './vm/qemu';
import { VmError } from './vm/vm-error';

const BLOCKS = 'the sandbox VM';

export async function vmRows(options: {
  readonly cacheFolder: string;
  readonly qemuPath?: string;
  readonly nodePath?: string;
}): Promise<DoctorRow[]> {
  return Promise.all([
    row('QEMU', () => findQemu(options.qemuPath)),
    row('Kernel of the sandbox VM', async () => (await findKernel(options.cacheFolder)).release),
    row('Node.js of the sandbox VM', () => findGuestNode(options.nodePath)),
    toolRow('busybox', 'busybox-static'),
    toolRow('modprobe', 'kmod'),
  ]);
}

async function row(what: string, look: () => Promise<string>): Promise<DoctorRow> {
  try {
    return { what, ok: true, detail: await look(), blocks: '', mend: '' };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return { what, ok: false, detail: error.message, blocks: BLOCKS, mend: error.mend ?? '' };
  }
}

async function toolRow(tool: string, debianPackage: string): Promise<DoctorRow> {
  const found = await findTool(tool);
  return found
    ? { what: tool, ok: true, detail: found, blocks: '', mend: '' }
    : {
        what: tool,
        ok: false,
        detail: 'not found',
        blocks: BLOCKS,
        mend: `sudo apt-get install ${debianPackage}`,
      };
}
