import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Every clang on PATH that has a BPF back end, oldest first; the tests fail without any, they do not skip. */
export const clangs: readonly string[] = findClangs();

function findClangs(): string[] {
  const names = ['clang-14', 'clang-15', 'clang-16', 'clang-17', 'clang-18', 'clang-19', 'clang'];
  const found = new Map<string, string>();
  for (const name of names) {
    const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
    if (status === 0 && !found.has(stdout)) found.set(stdout, name);
  }
  if (found.size === 0) throw new Error('no clang on PATH: these tests compile real objects');
  return [...found.values()];
}

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
