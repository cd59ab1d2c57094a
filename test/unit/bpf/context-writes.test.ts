/** Programs that change registers of the process they probe, found in what clang makes of each way to do so. */
import { describe, expect, it } from 'vitest';
import { mayWriteContext } from '../../../src/shared/bpf/context-writes';
import { parseElf, STT } from '../../../src/shared/elf/elf';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from '../object/compile-fixture';

/** A program's instructions as libbpf loads them: its functions behind it, calls bound. */
function linked(bytes: Uint8Array, section: string): Uint8Array {
  const elf = parseElf(bytes);
  const [own, text] = [elf.section(section), elf.section('.text')];
  if (!own || !text) throw new Error(`no ${section} and .text in the object`);
  const whole = Buffer.concat([own.bytes, text.bytes]);
  const first = own.bytes.byteLength / 8;
  for (const { offset, symbol, type } of elf.relocations(own.index)) {
    if (type !== 10 || !symbol) continue;
    const distance = whole.readInt32LE(offset + 4);
    const target = symbol.type === STT.section ? distance + 1 : symbol.value / 8;
    whole.writeInt32LE(first + target - (offset / 8 + 1), offset + 4);
  }
  return whole;
}

describe.each(clangs)('compiled by %s', clang => {
  const bytes = compileFixture(clang, 'context-writes', ['--target=bpf', '-mcpu=v3']);
  const programs = readObject(bytes, 'context-writes').programs.map(({ name, section }) => [name, section]);

  it('there are some of both kinds', () => {
    expect(programs.filter(([name]) => name?.startsWith('writes'))).toHaveLength(8);
    expect(programs.filter(([name]) => name?.startsWith('reads'))).toHaveLength(2);
  });

  it.each(programs)('%s', (name = '', section = '') => {
    expect(mayWriteContext(linked(bytes, section))).toBe(name.startsWith('writes'));
  });
});

describe('instructions', () => {
  const code = (...words: string[]) => Buffer.from(words.join(''), 'hex');
  const EXIT = '9500000000000000';
  it.each([
    // *(u64 *)(r1 + 0) = 0
    ['an immediate', true, ['7a01000000000000', EXIT]],
    // lock *(u64 *)(r1 + 0) += r2
    ['an atomic operation', true, ['db21000000000000', EXIT]],
    // r2 = 8; r2 += r1; *(u64 *)(r2 + 0) = 0
    ['a sum', true, ['b702000008000000', '0f12000000000000', '7a02000000000000', EXIT]],
    // *(u64 *)(r10 - 8) = r1; r2 = r10; r2 += -8; r3 = load_acquire(r2); *(u64 *)(r3 + 0) = 0
    [
      'a load that acquires',
      true,
      [
        '7b1af8ff00000000',
        'bfa2000000000000',
        '07020000f8ffffff',
        'db23000000010000',
        '7a03000000000000',
        EXIT,
      ],
    ],
    // goto r1
    ['a jump that cannot be followed', true, ['0d01000000000000', EXIT]],
    // *(u64 *)(r10 - 8) = r1; *(u64 *)(r10 - 8) = 0; r2 = r10
    ['the stack', false, ['7b1af8ff00000000', '7a0af8ff00000000', 'bfa2000000000000', EXIT]],
    // A jump beyond the end, and half an instruction.
    ['what no kernel takes', false, ['0500ff7f00000000', '7a01']],
    ['nothing', false, []],
  ])('through %s', (_what, expected, words) => {
    expect(mayWriteContext(code(...words))).toBe(expected);
  });
});
