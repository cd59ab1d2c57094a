import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  codeSymbols,
  findFunctions,
  readInPieces,
  readWhole,
  traceableFunctions,
} from '../../../src/tracer/function-lists';

/** The text in pieces of `bytes`, and how many of them were read. */
function inPieces(text: string, bytes: number) {
  const all = Buffer.from(text);
  const counter = { read: 0 };
  async function* pieces() {
    for (let at = 0; at < all.byteLength; at += bytes) {
      counter.read++;
      yield all.subarray(at, at + bytes);
    }
  }
  return { pieces: pieces(), counter };
}

const traceable = 'vfs_read\nvfs_readv\n__vfs_write\nkvm_exit [kvm]\nlast_one';
const symbols = [
  '0000000000000000 A fixed_percpu_data',
  'ffffffff81000000 T _stext',
  'ffffffff81234560 t vfs_read',
  'ffffffff81234570 W weak_one',
  'ffffffff81234580 d vfs_data',
  'ffffffffc0000000 t kvm_exit\t[kvm]',
  '',
].join('\n');

describe('findFunctions', () => {
  it('finds whole names only, wherever the pieces are cut', async () => {
    const wanted = ['vfs_read', 'vfs', 'vfs_write', '__vfs_write', 'kvm_exit', 'kvm', 'last_one', 'exit', ''];
    for (let bytes = 1; bytes <= traceable.length; bytes++) {
      const { pieces } = inPieces(traceable, bytes);
      const found = await findFunctions(traceableFunctions(pieces), wanted);
      expect([...found].sort(), `pieces of ${bytes}`).toEqual(
        ['__vfs_write', 'kvm_exit', 'last_one', 'vfs_read'].sort(),
      );
    }
  });

  it('takes only code for functions', async () => {
    const wanted = ['vfs_read', 'vfs_data', 'weak_one', 'kvm_exit', '_stext', 'fixed_percpu_data', 'read'];
    for (let bytes = 1; bytes <= symbols.length; bytes++) {
      const { pieces } = inPieces(symbols, bytes);
      const found = await findFunctions(codeSymbols(pieces), wanted);
      expect([...found].sort(), `pieces of ${bytes}`).toEqual(['_stext', 'kvm_exit', 'vfs_read', 'weak_one']);
    }
  });

  it('reads no further than the last name looked for', async () => {
    const { pieces, counter } = inPieces(traceable, 9);
    await findFunctions(traceableFunctions(pieces), ['vfs_read']);
    expect(counter.read).toBeLessThan(4);
  });

  it('finds nothing for a name that no function can have', async () => {
    const { pieces } = inPieces(traceable, 64);
    expect(await findFunctions(traceableFunctions(pieces), ['vfs_read\nvfs_readv', '*', 'é'])).toEqual(
      new Set(),
    );
  });

  it('reads a real list that the kernel makes up page by page', async () => {
    const list = readFileSync('/proc/kallsyms', 'latin1');
    const names = [...list.matchAll(/^[0-9a-f]+ [tT] (\S+)$/gm)].flatMap(match => match[1] ?? []);
    const wanted = [names[0], names[names.length >> 1], names.at(-1)].flatMap(name => name ?? []);
    const found = await findFunctions(codeSymbols(readInPieces('/proc/kallsyms')), [
      ...wanted,
      'no_such_one',
    ]);
    expect(wanted.length).toBe(3);
    expect(found).toEqual(new Set(wanted));
  });

  it('reads all of a real list', async () => {
    expect(Buffer.from(await readWhole('/proc/kallsyms')).equals(readFileSync('/proc/kallsyms'))).toBe(true);
  });
});
