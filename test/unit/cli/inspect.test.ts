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

it('tells why each map, field and parameter is shown as it is', async () => {
  const plain = JSON.parse(await inspected('plain', { json: true }));
  const whyOf = (map: string) => plain.maps.find(({ name }: { name: string }) => name === map).why;
  expect(whyOf('rb')).toMatch(
    /^its type, ringbuf, and as struct event because of the variable \w+ of a program/,
  );
  expect(whyOf('hists')).toBe('the name of the member with its slots');
  const rb = plain.maps.find(({ name }: { name: string }) => name === 'rb').view.record.fields;
  expect(rb.map(({ name, why }: { name: string; why: string }) => [name, why])).toContainEqual([
    'duration_ns',
    'its name, duration_ns, and its type (u64)',
  ]);
  written.length = 0;
  const annotated = JSON.parse(await inspected('annotated', { json: true }));
  for (const { name, why } of annotated.maps) expect(why, name).not.toBe('');
  for (const { name, why } of annotated.parameters) expect(why, name).not.toBe('');
  expect(annotated.maps.map(({ why }: { why: string }) => why)).toContain('the tag hist=log2');
  written.length = 0;
  expect(await inspected('plain')).toMatch(
    /^hists .*log2 histogram per key, slots assumed as libbpf-tools$/m,
  );
});
