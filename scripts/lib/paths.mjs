/** The folders that the scripts use. Does not access the disk. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Cache, shared by all checkouts of this user (XDG Base Directory Specification). */
export const cacheFolder = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'bpf-workbench',
);

/** Data that the user may have changed: the sample workspace, VS Code's user data of `npm start`. */
export const stateFolder = path.join(
  process.env.XDG_STATE_HOME || path.join(os.homedir(), '.local/state'),
  'bpf-workbench',
);

/** The tests' temporary files; ignored by git, each removed only by the test that created it. */
export const workFolder = path.join(root, 'test/.work');
