/** The folders that the scripts use. Does not access the disk. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A folder of the XDG Base Directory Specification, which says that a relative path in the variable is ignored. */
const userFolder = (variable, inHome) => {
  const named = process.env[variable] ?? '';
  return path.join(path.isAbsolute(named) ? named : path.join(os.homedir(), inHome), 'bpf-workbench');
};

/** Cache, shared by all checkouts of this user. */
export const cacheFolder = userFolder('XDG_CACHE_HOME', '.cache');

/** Data that the user may have changed: the sample workspace, VS Code's user data of `npm start`. */
export const stateFolder = userFolder('XDG_STATE_HOME', '.local/state');

/** The tests' temporary files; ignored by git, each removed only by the test that created it. */
export const workFolder = path.join(root, 'test/.work');
