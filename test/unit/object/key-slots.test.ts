/** Hashes whose keys end in a slot: which are histograms by the programs' instructions, and how they are decoded. */
import { describe, expect, it } from 'vitest';
import { decodeHistograms } from '../../../src/shared/decode/histograms';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from './compile-fixture';

describe.each(clangs)('keys that end in a slot, compiled by %s', clang => {
  const object = readObject(compileFixture(clang, 'key-slots'), 'key-slots');
  const map = (name: string) => {
    const found = object.maps.find(each => each.name === name);
    if (!found) throw new Error(`no map ${name}`);
    return found;
  };
  const slotsOf = (name: string) => {
    const { view } = map(name);
    return view.kind === 'histogram' ? view.inKey : view.kind;
  };

  it('are histograms where the slot is computed, with the constant behind the last one as the sum', () => {
    expect(slotsOf('waits')).toEqual({ offset: 4, size: 4, sum: 27 });
    expect(slotsOf('capped')).toEqual({ offset: 4, size: 4, sum: 27 });
    expect(slotsOf('sizes')).toEqual({ offset: 0, size: 8, sum: null });
  });

  it('are tables where the constants leave a doubt, where nothing is computed, and where the name says nothing', () => {
    expect(slotsOf('doubtful')).toBe('table');
    expect(slotsOf('constants')).toBe('table');
    expect(slotsOf('numbered')).toBe('table');
  });

  it('are decoded as one histogram for each rest of the key', () => {
    const keys = new Uint8Array(Uint32Array.of(1, 0, 1, 3, 2, 26, 1, 27, 2, 27).buffer);
    const values = new Uint8Array(BigUint64Array.of(5n, 2n, 1n, 21n, 100_000_000n).buffer);
    expect(decodeHistograms(map('waits'), keys, values, 5, 1)).toMatchObject([
      {
        key: { cpu: 1 },
        buckets: [
          { min: 0, max: 1, count: 5 },
          { min: 8, max: 15, count: 2 },
        ],
        ...{ total: 7, sum: 21 },
      },
      {
        key: { cpu: 2 },
        buckets: [{ min: 2 ** 26, max: 2n ** 64n - 1n, count: 1 }],
        total: 1,
        sum: 100_000_000,
      },
    ]);
    const slots = new Uint8Array(BigUint64Array.of(0n, 4n, 1n << 60n).buffer);
    const counts = new Uint8Array(BigUint64Array.of(1n, 2n, 9n).buffer);
    expect(decodeHistograms(map('sizes'), slots, counts, 3, 1)).toMatchObject([
      { key: null, buckets: [{ count: 1 }, { min: 16, max: 31, count: 2 }], total: 3 },
    ]);
    expect(decodeHistograms(map('sizes'), slots, counts, 0, 1)).toMatchObject([{ buckets: [], total: 0 }]);
  });
});
