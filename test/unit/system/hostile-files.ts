/** Files that a stranger's path may lead to, each of which hurts a reader that does not look. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface HostileFiles {
  readonly folder: string;
  readonly fifo: string;
  /** Each with the code of FileRefusal that refuses it. */
  readonly all: readonly (readonly [path: string, code: 'not-a-file' | 'too-large'])[];
  remove(): void;
}

export const SPARSE_BYTES = 10 * 1024 ** 3;

/** `suffix` ends every name, for readers that want one (".h"). */
export function hostileFiles(suffix = ''): HostileFiles {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-hostile-'));
  const at = (name: string) => path.join(folder, `${name}${suffix}`);
  execFileSync('mkfifo', [at('fifo')]);
  mkdirSync(at('folder'));
  const sparse = openSync(at('sparse'), 'w');
  ftruncateSync(sparse, SPARSE_BYTES);
  closeSync(sparse);
  symlinkSync(at('fifo'), at('link-to-fifo'));
  symlinkSync('/dev/zero', at('link-to-zero'));
  symlinkSync(at('sparse'), at('link-to-sparse'));
  return {
    folder,
    fifo: at('fifo'),
    all: [
      [at('fifo'), 'not-a-file'],
      ['/dev/zero', 'not-a-file'],
      [at('folder'), 'not-a-file'],
      [at('link-to-fifo'), 'not-a-file'],
      [at('link-to-zero'), 'not-a-file'],
      [at('sparse'), 'too-large'],
      [at('link-to-sparse'), 'too-large'],
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
