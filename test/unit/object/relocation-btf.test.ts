import { describe, expect, it } from 'vitest';
import { essentialName, parseBtf } from '../../../src/shared/btf/btf';
import type { Btf } from '../../../src/shared/btf/btf-model';
import { BtfWriter } from '../../../src/shared/btf/btf-writer';
import type { CoreRelocation } from '../../../src/shared/object/model';
import { relocationBtf } from '../../../src/shared/object/relocation-btf';
import { BtfBytes } from './btf-bytes';

const SIGNED = 1 << 24;
const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  const: 10,
  func: 12,
};
/** enum bpf_core_relo_kind */
const ASKS = { offset: 0, exists: 2, ownId: 6, kernelId: 7, typeExists: 8, enumValue: 11, matches: 12 };

/** struct node { const long sum; struct node *next; union { int i; enum { NO = -1 } e; } of[3]; } and others. */
function kernelTable(): Btf {
  const table = new BtfBytes();
  const text = (name: string) => table.text(name);
  table.add('int', KIND.int, 0, false, 4, SIGNED | 32); // 1
  table.add('long', KIND.int, 0, false, 8, SIGNED | 64); // 2
  table.add('', KIND.const, 0, false, 2); // 3
  table.add('', KIND.ptr, 0, false, 7); // 4 -> node
  table.add('', KIND.enum, 1, true, 4, text('NO'), 0xffffffff); // 5
  table.add('', KIND.union, 2, false, 4, text('i'), 1, 0, text('e'), 5, 0); // 6
  const members = [text('sum'), 3, 0, text('next'), 4, 64, text('of'), 8, 128];
  table.add('node', KIND.struct, 3, false, 32, ...members); // 7
  table.add('', KIND.array, 0, false, 0, 6, 1, 3); // 8
  table.add('other', KIND.struct, 1, false, 8, text('sum'), 2, 0); // 9
  table.add('node___v2', KIND.struct, 1, true, 8, text('bits'), 1, (3 << 24) | 5); // 10
  table.add('big', 19, 1, false, 8, text('BIG'), 1, 2); // 11 enum64
  table.add('node', KIND.fwd, 0, false, 0); // 12
  table.add('node_t', KIND.typedef, 0, false, 7); // 13
  return parseBtf(table.bytes());
}

describe('the writer', () => {
  const kernel = kernelTable();

  it('copies a type with all it holds, and nothing it points to', () => {
    const writer = new BtfWriter(kernel);
    const id = writer.add(7);
    expect(writer.add(7)).toBe(id);
    const copy = parseBtf(writer.finish());
    expect(copy.find('struct', 'other')).toBeNull();
    const node = copy.type(id);
    if (node.kind !== 'struct') throw new Error(node.kind);
    expect(node).toMatchObject({ name: 'node', size: 32 });
    expect(node.members.map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize])).toEqual([
      ['sum', 0, 0],
      ['next', 64, 0],
      ['of', 128, 0],
    ]);
    const [sum, next, of] = node.members.map(member => member.type);
    expect(copy.type(copy.resolve(sum ?? 0))).toEqual(kernel.type(2));
    expect(copy.type(next ?? 0)).toEqual({ kind: 'ptr', type: 0 });
    const array = copy.type(of ?? 0);
    if (array.kind !== 'array') throw new Error(array.kind);
    expect(array.count).toBe(3);
    const union = copy.type(array.type);
    if (union.kind !== 'union') throw new Error(union.kind);
    expect(union.members.map(member => copy.type(member.type))).toEqual([kernel.type(1), kernel.type(5)]);
  });

  it('copies bit fields, wide values and names', () => {
    const writer = new BtfWriter(kernel);
    const [bits, big, forward, alias] = [10, 11, 12, 13].map(id => writer.add(id));
    const copy = parseBtf(writer.finish());
    expect(copy.type(bits ?? 0)).toMatchObject({
      name: 'node___v2',
      members: [{ name: 'bits', bitOffset: 5, bitSize: 3 }],
    });
    expect(copy.type(big ?? 0)).toEqual(kernel.type(11));
    expect(copy.type(forward ?? 0)).toEqual(kernel.type(12));
    expect(copy.name(copy.resolve(alias ?? 0))).toBe('node');
  });

  it('comes to an end where a type holds itself', () => {
    const table = new BtfBytes();
    table.add('self', KIND.struct, 1, false, 8, table.text('self'), 1, 0);
    const writer = new BtfWriter(parseBtf(table.bytes()));
    writer.add(1);
    expect(parseBtf(writer.finish()).typeCount).toBe(2);
  });
});

describe('the part for relocations', () => {
  const kernel = kernelTable();

  /** The part for a program that asks this of its own type of that name. */
  function partFor(
    name: string,
    kind: number,
    options: { typeKind?: number; section?: string } = {},
  ): Btf | null {
    const table = new BtfBytes();
    table.add(name, options.typeKind ?? KIND.struct, 0, false, 0);
    const asked: CoreRelocation[] = [{ type: 1, kind }];
    const relocations = new Map([[options.section ?? '?kprobe/f', asked]]);
    const part = relocationBtf(
      { btf: parseBtf(table.bytes()), relocations },
      [{ section: 'kprobe/f' }],
      kernel,
    );
    return part && parseBtf(part);
  }

  it('has every type that may be meant, and its flavours', () => {
    const part = partFor('node___mine', ASKS.offset);
    expect([...(part?.ids('struct') ?? [])].map(id => part?.name(id))).toEqual(['node', 'node___v2']);
    expect(partFor('node', ASKS.typeExists)?.find('struct', 'other')).toBeNull();
    expect(partFor('big', ASKS.enumValue, { typeKind: KIND.enum })?.find('enum', 'big')).not.toBeNull();
  });

  it.each([
    ['a type the kernel does not have: it may be a module’s', 'absent', ASKS.exists],
    ['a number in the kernel’s own table', 'node', ASKS.kernelId],
    ['a comparison of whole types', 'node', ASKS.matches],
    ['a question to come', 'node', 13],
  ])('is not made for %s', (_, name, kind) => {
    expect(partFor(name, kind)).toBeNull();
  });

  it('is not made where nothing is asked of the kernel', () => {
    expect(partFor('node', ASKS.ownId)).toBeNull();
    expect(partFor('node', ASKS.offset, { section: 'kprobe/g' })).toBeNull();
    expect(partFor('node', ASKS.offset, { section: '.text' })).not.toBeNull();
    expect(partFor('node_t', ASKS.typeExists, { typeKind: KIND.typedef })).toBeNull();
  });

  it('takes names as libbpf does', () => {
    const names = { a: 'a', a___b: 'a', a___b___c: 'a___b', ___b: '___b', a____b: 'a____b', a___: 'a___' };
    for (const [name, essential] of Object.entries(names)) expect(essentialName(name), name).toBe(essential);
  });
});
