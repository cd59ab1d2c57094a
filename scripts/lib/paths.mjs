/** Where this project's scripts keep things. Nothing here touches the disk. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What can be made again: shared by every checkout of this user (XDG Base Directory Specification). */
export const cacheFolder = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'bpf-workbench',
);

/** What a user may have changed: the sample workspace, VS Code's user data of `npm start`. */
export const stateFolder = path.join(
  process.env.XDG_STATE_HOME || path.join(os.homedir(), '.local/state'),
  'bpf-workbench',
);

/** Scratch of the tests; ignored by git, removed by nobody but the test that made it. */
export const workFolder = path.join(root, 'test/.work');
