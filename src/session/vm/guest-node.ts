import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { findExecutable } from '../../system/find-executable';
import { VmError } from './vm-error';

/**
 * The Node that runs in the guest: the setting, else this process's own (unless it is Electron, which needs display
 * libraries), else the one on PATH. Throws VmError 'node-missing'.
 */
export async function findGuestNode(setting?: string): Promise<string> {
  if (setting) {
    if (!existsSync(setting))
      throw new VmError('node-missing', `The Node chosen for the sandbox VM, ${setting}, does not exist.`);
    return realpath(setting);
  }
  if (!process.versions.electron) return realpath(process.execPath);
  const found = await findExecutable('node');
  if (found) return realpath(found);
  throw new VmError('node-missing', 'The sandbox VM needs Node for its agent, and none was found on PATH.', {
    text: 'Install Node 20 or newer, or set its path in the settings.',
  });
}
