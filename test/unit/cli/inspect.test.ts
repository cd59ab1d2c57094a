/** `bpfw inspect`: what will be attached, and what is left to the loader. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { inspectCommand } from '../../../src/cli/commands/inspect';
import { clangs, compileFixture } from '../object/compile-fixture';

const written: string[] = [];
vi.spyOn(process.stdout, 'write').mockImplementation(text => {
  written.push(String(text));
  return true;
});
afterEach(() => {
  written.length = 0;
});

async function inspected(name: string, options: { readonly json?: boolean } = {}): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-inspect-'));
  try {
    const file = path.join(folder, `${name}.bpf.o`);
    writeFileSync(file, compileFixture(clangs[0] ?? 'clang', name));
    await inspectCommand(file, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return written.join('');
}

it('reports which of several ways is attached', async () => {
  expect(await inspected('alternatives')).toMatch(
    /^write_by_kprobe +kprobe\/vfs_write +\d+ +unless write_by_fentry is, which counts the same$/m,
  );
  written.length = 0;
  const { programs } = JSON.parse(await inspected('alternatives', { json: true }));
  expect(programs).toContainEqual(
    expect.objectContaining({ name: 'write_by_kprobe', alternativeTo: 'write_by_fentry' }),
  );
  expect(programs).toContainEqual(expect.objectContaining({ name: 'sync_other', alternativeTo: null }));
});

it('reports which sizes are not in the object', async () => {
  const text = await inspected('left-to-loader');
  expect(text).toMatch(/^counts +hash +10240 \(not in the object\)/m);
  expect(text).toMatch(/^frames\.frames .* 127 +frames$/m);
});
