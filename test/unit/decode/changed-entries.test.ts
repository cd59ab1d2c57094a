import { describe, expect, it } from 'vitest';
import { EntryDecoder } from '../../../src/shared/decode/entries';
import { decodeHistograms, HistogramDecoder } from '../../../src/shared/decode/histograms';
import type { MapContent } from '../../../src/shared/decode/map-content';
import type { BpfObject, MapDefinition } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from '../object/compile-fixture';

const [clang = 'clang'] = clangs;
const plain = readObject(compileFixture(clang, 'plain'), 'plain');

function map(object: BpfObject, name: string): MapDefinition {
  const found = object.maps.find(candidate => candidate.name === name);
  if (!found) throw new Error(`no map ${name}`);
  return found;
}

/** Keys 0 to `count` - 1 in their first bytes; a value's first word is what `counts` says. */
function content(of: MapDefinition, counts: readonly number[], told: Partial<MapContent> = {}): MapContent {
  const count = counts.length;
  const keys = new Uint8Array(count * of.keySize);
  const values = new Uint8Array(count * of.valueSize);
  counts.forEach((value, index) => {
    new DataView(keys.buffer).setUint32(index * of.keySize, index, true);
    new DataView(values.buffer).setUint32(index * of.valueSize, value, true);
  });
  return { keys, values, count, number: 1, changes: [{ first: 0, count }], ...told };
}

describe('a map that is read again and again', () => {
  const hists = map(plain, 'hists');

  it('keeps what did not change, and decodes what changed', () => {
    const decoder = new HistogramDecoder(hists, 1);
    const before = decoder.decode(content(hists, [1, 2, 3]));
    const after = decoder.decode(content(hists, [1, 5, 3], { number: 2, changes: [{ first: 1, count: 1 }] }));
    expect(after.map(({ total }) => total)).toEqual([1, 5, 3]);
    expect(after[0]).toBe(before[0]);
    expect(after[2]).toBe(before[2]);
    // Whoever kept the earlier state still has it.
    expect(before.map(({ total }) => total)).toEqual([1, 2, 3]);
    expect(decoder.decode(content(hists, [1, 5, 3], { number: 3, changes: [] }))).toBe(after);
  });

  it('decodes everything again when another reader read the map in between', () => {
    const decoder = new HistogramDecoder(hists, 1);
    decoder.decode(content(hists, [1, 2, 3]));
    const after = decoder.decode(content(hists, [7, 8, 9], { number: 3, changes: [] }));
    expect(after.map(({ total }) => total)).toEqual([7, 8, 9]);
  });

  it('follows a map that shrinks, and one whose histograms come and go', () => {
    const decoder = new HistogramDecoder(hists, 1);
    decoder.decode(content(hists, [1, 2, 3]));
    const steps: [number[], MapContent['changes'], number[]][] = [
      [[1, 2], [], [1, 2]],
      [[1, 0], [{ first: 1, count: 1 }], [1]],
      [[], [], []],
      [[0, 4], [{ first: 0, count: 2 }], [4]],
    ];
    steps.forEach(([counts, changes, totals], index) => {
      const decoded = decoder.decode(content(hists, counts, { number: index + 2, changes }));
      expect(decoded.map(({ total }) => total)).toEqual(totals);
    });
  });

  it('never reads beyond the bytes, whatever the layout', () => {
    const decoder = new HistogramDecoder(hists, 1);
    const short = content(hists, [1, 2], { count: 1000, changes: [{ first: 0, count: 1000 }] });
    expect(decoder.decode(short).map(({ total }) => total)).toEqual([1, 2]);
  });

  it('returns after any changes what one whole read returns', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % below;
    };
    const decoder = new HistogramDecoder(hists, 1);
    let counts: number[] = [];
    for (let number = 1; number <= 200; number++) {
      const length = random(20);
      const grown = { first: counts.length, count: Math.max(0, length - counts.length) };
      counts = Array.from({ length }, (_, index) => counts[index] ?? random(3));
      const changed = length > 0 ? [{ first: random(length), count: 1 }] : [];
      for (const { first } of changed) counts[first] = random(3);
      const now = content(hists, counts, {
        number,
        changes: grown.count > 0 ? [...changed, grown] : changed,
      });
      expect(decoder.decode(now)).toEqual(decodeHistograms(hists, now.keys, now.values, counts.length, 1));
    }
  });

  it('keeps the rows of a table that did not change', () => {
    const decoder = new EntryDecoder(hists, 1);
    const before = decoder.decode(content(hists, [1, 2]));
    const after = decoder.decode(content(hists, [1, 9], { number: 2, changes: [{ first: 1, count: 1 }] }));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });
});
