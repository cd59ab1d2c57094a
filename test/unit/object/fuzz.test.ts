import { describe, expect, it } from 'vitest';
import { parseBtf } from '../../../src/shared/btf/btf';
import { ObjectError } from '../../../src/shared/elf/object-error';
import { readObject } from '../../../src/shared/object/object';
import { layoutOf } from '../../../src/shared/object/record-layout';
import { BtfBytes } from './btf-bytes';
import { clangs, compileFixture } from './compile-fixture';

/** mulberry32: the same mutations on every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff];

/** Changes some bytes, words or a length, mostly where headers and type tables are. */
function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = next() < 0.1 ? bytes.slice(0, Math.floor(next() * bytes.length)) : bytes.slice();
  if (copy.length === 0) return copy;
  const view = new DataView(copy.buffer);
  const changes = 1 + Math.floor(next() * 8);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(next() * copy.length);
    const how = next();
    if (how < 0.4) copy[at] = INTERESTING[Math.floor(next() * INTERESTING.length)] ?? 0;
    else if (how < 0.7) copy[at] = Math.floor(next() * 256);
    else if (at + 4 <= copy.length)
      view.setUint32(at, next() < 0.5 ? 0xffffffff : Math.floor(next() * 4096), true);
  }
  return copy;
}

/** Reads everything a panel or the command line would touch. */
function readAll(bytes: Uint8Array): string {
  const object = readObject(bytes, 'fuzzed');
  const { btf, ...rest } = object;
  for (let id = 0; btf && id < btf.typeCount; id++) {
    try {
      btf.type(id);
      btf.sizeOf(id);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
    }
  }
  return JSON.stringify(rest);
}

describe('hostile objects', () => {
  it('a type that nests eight copies of itself sixteen times over is cut short', () => {
    const table = new BtfBytes();
    table.add('int', 1, 0, false, 4, (1 << 24) | 32);
    const member = table.text('m');
    // Each level: an array of 8 of the level below, and a struct around it.
    table.add('s0', 4, 1, false, 4, member, 1, 0);
    for (let level = 1; level <= 16; level++) {
      table.add('', 3, 0, false, 0, 2 * level, 1, 8);
      table.add(`s${level}`, 4, 1, false, 4, member, 2 * level + 1, 0);
    }
    const layout = layoutOf(parseBtf(table.bytes()), 34);
    expect(layout.fields.length).toBeLessThanOrEqual(512);
    expect(layout.fields.length).toBeGreaterThan(100);
  });

  const [clang = 'clang'] = clangs;
  it.each(['plain', 'annotated', 'layouts', 'records'])(
    '%s, mutated, is read or refused with an ObjectError',
    name => {
      const bytes = compileFixture(clang, name);
      const sections = bytes.length;
      const next = random(sections);
      let read = 0;
      let refused = 0;
      for (let round = 0; round < 800; round++) {
        const mutated = mutate(bytes, next);
        try {
          expect(readAll(mutated).length).toBeGreaterThan(2);
          read++;
        } catch (error) {
          if (!(error instanceof ObjectError))
            throw new Error(`round ${round}: ${String((error as Error).stack)}`);
          refused++;
        }
      }
      // The mutations reach both sides: neither all ignored nor all refused at the first byte.
      expect(read).toBeGreaterThan(100);
      expect(refused).toBeGreaterThan(100);
    },
    120_000,
  );
});
