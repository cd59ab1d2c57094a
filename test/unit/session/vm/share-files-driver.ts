/** Shares files as the sandbox VM's QEMU is given them, and prints what is seen of the paths named (shared-files.test.ts). */
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { shareFiles } from '../../../../src/session/vm/shared-files';

const [runFolder = '', needed = '', device = '', ...paths] = process.argv.slice(2);
const files = await shareFiles({ runFolder, hiddenFolders: ['~/chosen'], needed: [needed] });

/** Names in a folder, content of a file, null for what is not there. */
function seen(file: string): unknown {
  const shared = `/proc/self/fd/${files.descriptors[0]}${file}`;
  try {
    return statSync(shared).isDirectory() ? readdirSync(shared) : readFileSync(shared, 'utf8');
  } catch {
    return null;
  }
}

/** The errno's name, or "done". */
function opened(file: string, flags: string): string {
  try {
    closeSync(openSync(`/proc/self/fd/${files.descriptors[0]}${file}`, flags));
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

console.log(
  JSON.stringify({
    notHidden: files.notHidden,
    writing: opened(`${device}-new`, 'w'),
    device: opened(device, 'r'),
    seen: Object.fromEntries(paths.map(each => [each, seen(each)])),
  }),
);
files.close();
