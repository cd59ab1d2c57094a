import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installedClangs } from '../compile/toolchain';

const root = resolve(import.meta.dirname, '../../..');

/** Oldest first; the tests fail without any, they do not skip. */
export const clangs: readonly string[] = installedClangs();

/** Compiles test/fixtures/objects/<name>.bpf.c the way the product does, with further flags, and gives the object's bytes. */
export function compileFixture(
  clang: string,
  name: string,
  flags: readonly string[] = ['--target=bpf'],
): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'bpfw-object-'));
  try {
    const output = join(folder, `${name}.o`);
    const source = join(root, 'test/fixtures/objects', `${name}.bpf.c`);
    const include = join(root, 'bpf-templates/include');
    execFileSync(clang, ['-O2', '-g', `-I${include}`, ...flags, '-c', source, '-o', output], {
      timeout: 30_000,
    });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
