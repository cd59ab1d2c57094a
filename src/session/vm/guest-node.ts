import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { findExecutable } from '../../system/find-executable';
import { VmError } from './vm-error';

/**
 * The Node that runs in the guest: the setting, else the one that runs this (unless it is Electron, which wants a
 * display stack around it), else the one on PATH. Throws VmError 'node-missing'.
 */
export async function findGuestNode(setting?: string): Promise<string> {
  if (setting) {
    if (!existsSync(setting))
      throw new VmError('node-missing', `The Node for the sandbox VM, ${setting}, does not exist.`);
    return realpath(setting);
  }
  if (!process.versions.electron) return realpath(process.execPath);
  const found = await findExecutable('node');
  if (found) return realpath(found);
  throw new VmError(
    'node-missing',
    'The sandbox VM runs its agent with Node, and there is none on PATH.',
    'Install Node 20 or newer, or set its path in the settings.',
  );
}
