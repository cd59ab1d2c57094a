import { describe, expect, it } from 'vitest';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { BtfTypeId } from '../../../src/shared/btf/btf-model';
import { BtfWriter } from '../../../src/shared/btf/btf-writer';
import { isSoundBtf } from '../../../src/tracer/sound-btf';
import { BtfBytes } from '../object/btf-bytes';
import { random } from '../random';

const HEADER_BYTES = 24;
const DAMAGED = 3000;

/** struct outer { const struct { int a; int b:3; } in[2]; enum, enum64, float, typedef, pointer ... }; as the writer lays it out. */
function sound(): Uint8Array {
  const table = new BtfBytes();
  const text = (name: string) => table.text(name);
  table.add('int', 1, 0, false, 4, (1 << 24) | 32); // 1
  table.add('', 4, 2, true, 8, text('a'), 1, 0, text('b'), 1, (3 << 24) | 32); // 2 struct
  table.add('', 10, 0, false, 2); // 3 const
  table.add('', 3, 0, false, 0, 3, 1, 2); // 4 array
  table.add('e', 6, 1, false, 4, text('E'), 1); // 5 enum
  table.add('e64', 19, 1, false, 8, text('BIG'), 1, 2); // 6 enum64
  table.add('double', 16, 0, false, 8); // 7 float
  table.add('f', 7, 0, false, 0); // 8 fwd
  table.add('t', 8, 0, false, 5); // 9 typedef
  table.add('', 2, 0, false, 11); // 10 ptr
  const outer = ['in', 'e', 'e64', 'd', 't', 'p'].flatMap((name, i) => [
    text(name),
    [4, 5, 6, 7, 9, 10][i] ?? 0,
    i * 64,
  ]);
  table.add('outer', 4, 6, false, 56, ...outer); // 11
  const writer = new BtfWriter(parseBtf(table.bytes()));
  for (const id of [11, 8]) writer.add(id);
  return writer.finish();
}

it('accepts what the writer makes', () => {
  expect(isSoundBtf(sound())).toBe(true);
});

describe('refuses', () => {
  const word = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
    const changed = bytes.slice();
    new DataView(changed.buffer).setUint32(at, value, true);
    return changed;
  };
  /** typedef t -> itself, behind an int. */
  const circle = () => {
    const table = new BtfBytes();
    table.add('int', 1, 0, false, 4, (1 << 24) | 32);
    table.add('t', 8, 0, false, 2);
    return table.bytes();
  };

  it.each([
    ['nothing', new Uint8Array(0)],
    ['a circle', circle()],
    ['another magic', word(sound(), 0, 0)],
    ['a longer header', word(sound(), 4, 28)],
    ['types that end elsewhere', word(sound(), 12, 16)],
    ['strings that begin elsewhere', word(sound(), 16, 4)],
    ['a name outside the strings', word(sound(), HEADER_BYTES, 100_000)],
    ['a kind that holds no value: func', word(sound(), HEADER_BYTES + 4, 12 << 24)],
    ['more members than there are', word(sound(), HEADER_BYTES + 4, (4 << 24) | 0xffff)],
    ['a last name without an end', sound().fill(0x61, sound().byteLength - 1)],
    ['a table cut short', sound().subarray(0, sound().byteLength - 1)],
  ])('%s', (_, bytes) => {
    expect(isSoundBtf(bytes)).toBe(false);
  });
});

it(`finds every circle among ${DAMAGED} damaged tables`, () => {
  const below = random(0xb7f);
  let passed = 0;
  for (let i = 0; i < DAMAGED; i++) {
    const bytes = sound();
    for (let changes = 1 + below(4); changes > 0; changes--) bytes[below(bytes.byteLength)] = below(256);
    if (!isSoundBtf(bytes)) continue;
    passed++;
    const btf = parseBtf(bytes);
    for (let id: BtfTypeId = 1; id < btf.typeCount; id++) {
      btf.type(id);
      btf.resolve(id);
      btf.sizeOf(id);
    }
  }
  expect(passed).toBeGreaterThan(0);
});
