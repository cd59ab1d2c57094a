import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseBtf } from '../../../src/shared/btf/btf';
import { ObjectError } from '../../../src/shared/elf/object-error';
import { kernelBtfFiles, scratchFolder } from '../compile/toolchain';
import { BtfBytes } from './btf-bytes';

const INT = 1;
const SIGNED = 1 << 24;

/** All 19 kinds, one each; ids in the order written. */
function everyKind(littleEndian: boolean): Uint8Array {
  const table = new BtfBytes(littleEndian);
  table.add('int', INT, 0, false, 4, SIGNED | 32); // 1
  table.add('', 2, 0, false, 1); // 2 ptr
  table.add('', 3, 0, false, 0, 1, 1, 5); // 3 array
  const a = table.text('a');
  const bits = table.text('bits');
  table.add('s', 4, 2, true, 8, a, 1, 0, bits, 1, (3 << 24) | 33); // 4 struct
  table.add('u', 5, 1, false, 8, a, 4, 0); // 5 union
  const minus = table.text('MINUS');
  table.add('e', 6, 1, true, 4, minus, 0xffffffff); // 6 enum
  table.add('f', 7, 0, true, 0); // 7 fwd union
  table.add('t', 8, 0, false, 1); // 8 typedef
  table.add('', 9, 0, false, 8); // 9 volatile
  table.add('', 10, 0, false, 9); // 10 const
  table.add('', 11, 0, false, 2); // 11 restrict
  table.add('', 13, 2, false, 1, a, 1, 0, 2); // 12 func_proto
  table.add('fn', 12, 1, false, 12); // 13 func, vlen = linkage global
  table.add('v', 14, 0, false, 4, 1); // 14 var
  table.add('.bss', 15, 1, false, 8, 14, 0, 8); // 15 datasec
  table.add('double', 16, 0, false, 8); // 16 float
  table.add('bpfw:unit=us', 17, 0, false, 4, 0); // 17 decl_tag on member 0
  table.add('bpfw:hidden', 17, 0, false, 14, 0xffffffff); // 18 decl_tag on the var
  table.add('user', 18, 0, false, 1); // 19 type_tag
  const big = table.text('BIG');
  table.add('e64', 19, 1, false, 8, big, 0xffffffff, 0xffffffff); // 20 enum64
  return table.bytes();
}

describe.each([true, false])('BTF, little endian %s', littleEndian => {
  const btf = parseBtf(everyKind(littleEndian));

  it('decodes every kind', () => {
    expect(btf.typeCount).toBe(21);
    expect(btf.type(0)).toEqual({ kind: 'void' });
    expect(btf.type(1)).toEqual({
      kind: 'int',
      name: 'int',
      size: 4,
      signed: true,
      char: false,
      bool: false,
      bits: 32,
      bitOffset: 0,
    });
    expect(btf.type(2)).toEqual({ kind: 'ptr', type: 1 });
    expect(btf.type(3)).toEqual({ kind: 'array', type: 1, indexType: 1, count: 5 });
    expect(btf.type(4)).toEqual({
      kind: 'struct',
      name: 's',
      size: 8,
      members: [
        { name: 'a', type: 1, bitOffset: 0, bitSize: 0 },
        { name: 'bits', type: 1, bitOffset: 33, bitSize: 3 },
      ],
    });
    expect(btf.type(5)).toMatchObject({ kind: 'union', members: [{ name: 'a', type: 4 }] });
    expect(btf.type(6)).toEqual({
      kind: 'enum',
      name: 'e',
      size: 4,
      signed: true,
      values: [{ name: 'MINUS', value: -1n }],
      is64: false,
    });
    expect(btf.type(7)).toEqual({ kind: 'fwd', name: 'f', union: true });
    expect(btf.type(12)).toEqual({
      kind: 'func_proto',
      returnType: 1,
      parameters: [
        { name: 'a', type: 1 },
        { name: '', type: 2 },
      ],
    });
    expect(btf.type(13)).toEqual({ kind: 'func', name: 'fn', type: 12, linkage: 1 });
    expect(btf.type(14)).toEqual({ kind: 'var', name: 'v', type: 4, linkage: 1 });
    expect(btf.type(15)).toEqual({
      kind: 'datasec',
      name: '.bss',
      size: 8,
      variables: [{ type: 14, offset: 0, size: 8 }],
    });
    expect(btf.type(16)).toEqual({ kind: 'float', name: 'double', size: 8 });
    expect(btf.type(17)).toEqual({ kind: 'decl_tag', tag: 'bpfw:unit=us', type: 4, component: 0 });
    expect(btf.type(19)).toEqual({ kind: 'type_tag', tag: 'user', type: 1 });
    expect(btf.type(20)).toEqual({
      kind: 'enum',
      name: 'e64',
      size: 8,
      signed: false,
      values: [{ name: 'BIG', value: 0xffffffffffffffffn }],
      is64: true,
    });
  });

  it('resolves modifiers, knows sizes, finds names and tags', () => {
    expect(btf.resolve(10)).toBe(1);
    expect(btf.resolve(11)).toBe(2);
    expect([3, 2, 10, 14, 12, 7, 0].map(id => btf.sizeOf(id))).toEqual([20, 8, 4, 8, 0, 0, 0]);
    expect(btf.find('struct', 's')).toBe(4);
    expect(btf.find('enum', 'e64')).toBe(20);
    expect(btf.find('union', 's')).toBeNull();
    expect([...btf.ids('enum')]).toEqual([6, 20]);
    expect(btf.declTags(4, 0)).toEqual(['bpfw:unit=us']);
    expect(btf.declTags(4, -1)).toEqual([]);
    expect(btf.declTags(14, -1)).toEqual(['bpfw:hidden']);
  });
});

describe('split BTF', () => {
  it('continues ids and strings of its base', () => {
    const base = new BtfBytes();
    base.add('int', INT, 0, false, 4, SIGNED | 32);
    const baseBytes = base.bytes();
    const split = new BtfBytes(true, base.stringBytes);
    split.add('module_struct', 4, 1, false, 4, 1, 1, 0); // member named by offset 1 of the base's strings: "int"
    split.add('tag', 17, 0, false, 1, 0xffffffff);
    const btf = parseBtf(split.bytes(), parseBtf(baseBytes));
    expect(btf.typeCount).toBe(4);
    expect(btf.name(1)).toBe('int');
    expect(btf.type(2)).toEqual({
      kind: 'struct',
      name: 'module_struct',
      size: 4,
      members: [{ name: 'int', type: 1, bitOffset: 0, bitSize: 0 }],
    });
    expect(btf.find('struct', 'module_struct')).toBe(2);
    expect(btf.find('int', 'int')).toBe(1);
    expect(btf.declTags(1, -1)).toEqual(['tag']);
    expect([...btf.ids('int'), ...btf.ids('struct')]).toEqual([1, 2]);
  });
});

describe('finding by name', () => {
  const NAMES = 100;
  /** Functions f0, f1, …, each twice, every name also the end of a longer one, and structs of the same names. */
  function table(): Uint8Array {
    const bytes = new BtfBytes();
    for (const round of [0, 1])
      for (let i = 0; i < NAMES; i++) {
        bytes.add(`f${i}`, 12, 0, false, round);
        bytes.add(`f${i}`, 4, 0, false, 0);
        bytes.add(`longer_f${i}`, 12, 0, false, 0);
      }
    return bytes.bytes();
  }

  it('returns the first of a kind, one by one and from the index alike', () => {
    const btf = parseBtf(table());
    const all = Array.from({ length: NAMES }, (_, i) => i);
    // More names than are looked for one by one, and the early ones again from the index.
    for (const i of [...all, ...all]) {
      expect(btf.find('func', `f${i}`)).toBe(1 + 3 * i);
      expect(btf.find('struct', `f${i}`)).toBe(2 + 3 * i);
      expect(btf.find('func', `longer_f${i}`)).toBe(3 + 3 * i);
    }
    for (const absent of ['f', 'ff1', 'f1000', '', 'f1\0', 'é', 'onger_f1'])
      expect([absent, btf.find('func', absent)]).toEqual([absent, null]);
  });

  it('reads names of its base and of its own in split BTF', () => {
    const base = new BtfBytes();
    base.add('shared', INT, 0, false, 4, SIGNED | 32);
    const split = new BtfBytes(true, base.stringBytes);
    split.add('own', 12, 0, false, 1);
    const bytes = split.bytes();
    const ofBase = split.add('', 12, 0, false, 1).bytes();
    // The second function is named by offset 1 of the base's strings.
    new DataView(ofBase.buffer).setUint32(24 + 12, 1, true);
    expect(parseBtf(bytes, parseBtf(base.bytes())).find('func', 'own')).toBe(2);
    expect(parseBtf(ofBase, parseBtf(base.bytes())).find('func', 'shared')).toBe(3);
    expect(parseBtf(ofBase, parseBtf(base.bytes())).find('func', 'hared')).toBeNull();
  });

  it('refuses a name outside the strings', () => {
    const bytes = table();
    new DataView(bytes.buffer).setUint32(24, 0xfffff0, true);
    expect(() => parseBtf(bytes).find('func', 'f1')).toThrowError(
      expect.objectContaining({ code: 'bad-btf' }),
    );
  });
});

describe('damaged BTF', () => {
  const bad = expect.objectContaining({ code: 'bad-btf' });

  it('refuses cycles, wild references and wild names', () => {
    const circles = {
      'typedef 1 -> 2 -> 1': new BtfBytes().add('loop', 8, 0, false, 2).add('', 10, 0, false, 1),
      'an array of itself': new BtfBytes().add('', 3, 0, false, 0, 1, 1, 7),
      'a pointer to itself': new BtfBytes().add('', 2, 0, false, 1),
      'a function that takes itself': new BtfBytes().add('', 13, 1, false, 0, 0, 2).add('', 2, 0, false, 1),
      'pointers 1000 deep': Array.from({ length: 1000 }).reduce<BtfBytes>(
        (table, _, index) => table.add('', 2, 0, false, index),
        new BtfBytes(),
      ),
    };
    for (const [what, table] of Object.entries(circles))
      expect(() => parseBtf(table.bytes()), what).toThrowError(bad);
    const table = new BtfBytes().add('', 2, 0, false, 999);
    // A struct may point to itself: it is referred to by name.
    const member = table.text('next');
    table.add('list', 4, 1, false, 8, member, 3, 0).add('', 2, 0, false, 2);
    const btf = parseBtf(table.bytes());
    expect(() => btf.resolve(999)).toThrowError(bad);
    expect(() => btf.type(-1)).toThrowError(bad);
    expect(btf.sizeOf(1)).toBe(8);
    expect(btf.sizeOf(2)).toBe(8);
    const named = table.bytes();
    new DataView(named.buffer).setUint32(24, 0xfffff0, true);
    expect(() => parseBtf(named).type(1)).toThrowError(bad);
  });

  it('refuses every truncation of a table', () => {
    const whole = everyKind(true);
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => parseBtf(whole.slice(0, length)), `${length} bytes`).toThrowError(ObjectError);
    }
  });
});

const scratch = scratchFolder();
const kernels = await kernelBtfFiles(scratch.folder);
afterAll(() => scratch.remove());

describe('a whole kernel', () => {
  it.each(kernels)('has its types and functions found by name: %s', path => {
    const btf = parseBtf(new Uint8Array(readFileSync(path)));
    const taskStruct = btf.find('struct', 'task_struct') ?? 0;
    const vfsRead = btf.find('func', 'vfs_read') ?? 0;
    expect(btf.typeCount).toBeGreaterThan(50_000);
    const type = btf.type(taskStruct);
    expect(type.kind === 'struct' && type.members.some(member => member.name === 'tgid')).toBe(true);
    const proto = btf.type(vfsRead);
    const parameters = proto.kind === 'func' ? btf.type(proto.type) : proto;
    expect(
      parameters.kind === 'func_proto' && parameters.parameters.map(parameter => parameter.name),
    ).toEqual(['file', 'buf', 'count', 'pos']);
  });
});
