/** Shares files as the sandbox VM's QEMU is given them, and prints what is seen of the paths named (shared-files.test.ts). */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { shareFiles } from '../../../../src/session/vm/shared-files';

const [runFolder = '', needed = '', device = '', ...paths] = process.argv.slice(2);
const files = await shareFiles({ runFolder, hiddenFolders: ['~/chosen'], needed: [needed] });

/** What tools do while a VM runs: a token written anew and renamed over the old one, a folder that comes, one made again. */
const home = path.dirname(device);
const later = ['.netrc', '.aws/credentials', '.ssh/id', '.cargo/credentials'];
if (files.notHidden === null) {
  rmSync(path.join(home, '.ssh'), { recursive: true });
  for (const name of later) {
    const file = path.join(home, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, 'later');
    renameSync(`${file}.new`, file);
  }
}
const deadline = Date.now() + 10_000;
const isSeen = (name: string) => seen(path.join(home, name)) === 'later';
while (later.some(isSeen) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 10));
const seenLater = later.filter(isSeen);

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
    seenLater,
    writing: opened(`${device}-new`, 'w'),
    device: opened(device, 'r'),
    seen: Object.fromEntries(paths.map(each => [each, seen(each)])),
  }),
);
files.close();
files.end();
