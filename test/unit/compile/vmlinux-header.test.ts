import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { vmlinuxHeader } from '../../../src/compile/vmlinux-header';
import { vmlinuxNames } from '../../../src/compile/vmlinux-names';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { Btf } from '../../../src/shared/btf/btf-model';
import { flattenMembers, layoutAssertions } from './layout-assertions';
import { elfSection, installedClangs, kernelBtfFiles, scratchFolder } from './toolchain';

const { folder, remove } = scratchFolder();
afterAll(remove);
const kernels = await kernelBtfFiles(folder);
let files = 0;

function write(text: string, ending: string): string {
  const path = join(folder, `${files++}${ending}`);
  writeFileSync(path, text);
  return path;
}

/** What clang says; '' when it is content. Without -Wno anything: the header must be clean. */
function complaints(clang: string, source: string): string {
  const path = write(source, '.c');
  const result = spawnSync(clang, ['--target=bpf', '-Wall', '-Wextra', '-fsyntax-only', path], {
    encoding: 'utf8',
  });
  return result.stderr.slice(0, 4000);
}

/** The types clang understood, as its own BTF says: variables by value, because pointed-to types are pruned. */
function btfOf(clang: string, header: string, tags: readonly string[]): Btf {
  const source = write(`${header}\n${tags.map((tag, i) => `${tag} keep_${i};`).join('\n')}\n`, '.c');
  const object = source.replace(/c$/, 'o');
  execFileSync(clang, ['--target=bpf', '-g', '-O2', '-c', source, '-o', object]);
  return parseBtf(elfSection(object, '.BTF'));
}

/**
 * Structs and unions of `original` whose members clang sees elsewhere when it reads our header. `onlyBitFields` leaves
 * out those without one, which the assertions cover: clang takes a minute for the BTF of a whole kernel.
 */
function displaced(
  clang: string,
  original: Btf,
  onlyBitFields: boolean,
): { compared: number; wrong: string[] } {
  const names = vmlinuxNames(original);
  const wanted = (['struct', 'union'] as const).flatMap(kind =>
    [...original.ids(kind)]
      .filter(id => original.name(id) !== '' && original.sizeOf(id) > 0)
      .filter(id => !onlyBitFields || flattenMembers(original, id).some(member => member.bitSize > 0))
      .map(id => ({ kind, id })),
  );
  const tags = wanted.map(({ kind, id }) => `${kind} ${names.nameOf(id)}`);
  const seen = btfOf(clang, vmlinuxHeader(original), tags);
  const wrong: string[] = [];
  for (const { kind, id } of wanted) {
    const name = names.nameOf(id);
    const found = seen.find(kind, name);
    if (found === null) {
      wrong.push(`${kind} ${name} is missing`);
      continue;
    }
    const before = JSON.stringify(flattenMembers(original, id).sort(byPlace));
    const after = JSON.stringify(flattenMembers(seen, found).sort(byPlace));
    if (before !== after || original.sizeOf(id) !== seen.sizeOf(found))
      wrong.push(`${kind} ${name}: ${before} became ${after}`);
  }
  return { compared: wanted.length, wrong };
}

function byPlace(a: { bitOffset: number; path: string }, b: { bitOffset: number; path: string }): number {
  return a.bitOffset - b.bitOffset || (a.path < b.path ? -1 : 1);
}

describe.each(installedClangs())('with %s', clang => {
  it('writes the layouts that are hard to write', () => {
    const object = join(folder, `${clang}-layouts.o`);
    execFileSync(clang, [
      '--target=bpf',
      '-g',
      '-O2',
      '-c',
      join(__dirname, '../../golden/compile/layouts.c'),
      '-o',
      object,
    ]);
    const btf = parseBtf(elfSection(object, '.BTF'));
    const header = vmlinuxHeader(btf);
    const assertions = layoutAssertions(btf);
    expect(assertions.count).toBeGreaterThan(110);
    expect(complaints(clang, header + assertions.source)).toBe('');
    const { compared, wrong } = displaced(clang, btf, false);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  });

  it.each(kernels)('writes all of %s with the sizes and offsets it has', { timeout: 120_000 }, path => {
    const btf = parseBtf(new Uint8Array(readFileSync(path)));
    const assertions = layoutAssertions(btf);
    expect(assertions.count).toBeGreaterThan(20_000);
    expect(complaints(clang, vmlinuxHeader(btf) + assertions.source)).toBe('');
  });

  it.each(kernels)('keeps the bit fields of %s in place', { timeout: 120_000 }, path => {
    const { compared, wrong } = displaced(clang, parseBtf(new Uint8Array(readFileSync(path))), true);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(300);
  });
});
