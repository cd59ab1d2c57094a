import { describe, expect, it } from 'vitest';
import type { SlotConvention } from '../../../src/shared/bpf/map-role';
import { decodeEntries } from '../../../src/shared/decode/entries';
import { recount, slotBounds } from '../../../src/shared/decode/histogram-slots';
import { decodeGlobalHistograms, decodeHistograms } from '../../../src/shared/decode/histograms';
import { percentile, percentiles } from '../../../src/shared/decode/percentile';
import { decodeStacks } from '../../../src/shared/decode/stacks';
import type { BpfObject, MapDefinition } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from '../object/compile-fixture';
import { plainHistogram } from '../plain-histogram';

const [clang = 'clang'] = clangs;
const plain = readObject(compileFixture(clang, 'plain'), 'plain');
const annotated = readObject(compileFixture(clang, 'annotated'), 'annotated');

function map(object: BpfObject, name: string): MapDefinition {
  const found = object.maps.find(candidate => candidate.name === name);
  if (!found) throw new Error(`no map ${name}`);
  return found;
}

const u32s = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const u64s = (...values: number[]) => new Uint8Array(BigUint64Array.from(values, BigInt).buffer);

describe('slot bounds', () => {
  const bounds = (convention: SlotConvention, slot: number) => {
    const { min, max } = slotBounds(
      { convention, step: 1, base: 0, slotCount: 64, lastIsOverflow: false },
      slot,
    );
    return [min, max];
  };
  const U64_MAX = 0xffffffffffffffffn;

  it.each<[SlotConvention, (readonly (number | bigint)[])[]]>([
    [
      'bpfw',
      [
        [0, 0],
        [1, 1],
        [2, 3],
        [4, 7],
      ],
    ],
    [
      'bcc',
      [
        [0, 0],
        [0, 1],
        [2, 3],
        [4, 7],
      ],
    ],
    [
      'libbpf-tools',
      [
        [0, 1],
        [2, 3],
        [4, 7],
        [8, 15],
      ],
    ],
    [
      'exp2',
      [
        [0, 1],
        [2, 2],
        [3, 4],
        [5, 8],
      ],
    ],
  ])('%s', (convention, expected) => {
    expect([0, 1, 2, 3].map(slot => bounds(convention, slot))).toEqual(expected);
  });

  it('covers 64 bits without a gap, exactly', () => {
    for (const convention of ['bpfw', 'libbpf-tools', 'exp2'] as const) {
      for (let slot = 1; slot < 63; slot++) {
        expect(BigInt(bounds(convention, slot)[0] ?? 0)).toBe(
          BigInt(bounds(convention, slot - 1)[1] ?? 0) + 1n,
        );
      }
    }
    expect(bounds('bpfw', 53)).toEqual([2 ** 52, 2 ** 53 - 1]);
    expect(bounds('bpfw', 54)).toEqual([2n ** 53n, 2n ** 54n - 1n]);
    expect(bounds('bpfw', 63)).toEqual([2n ** 62n, U64_MAX]);
    expect(bounds('libbpf-tools', 63)).toEqual([2n ** 63n, U64_MAX]);
  });

  it.each([
    ['bpfw', 2 ** 25],
    ['bcc', 2 ** 25],
    ['libbpf-tools', 2 ** 26],
    ['exp2', 2 ** 25 + 1],
  ] as const)('the last slot by %s counts what is larger, too', (convention, min) => {
    const view = { convention, step: 1, base: 0, slotCount: 27, lastIsOverflow: false };
    expect(slotBounds(view, 26)).toEqual({ min, max: U64_MAX });
    expect(slotBounds(view, 25).max).toBe(min - 1);
  });

  it('count by another convention in the same slots', () => {
    const counted = (convention: 'libbpf-tools' | 'bcc' | 'exp2') => ({
      map: 'm',
      label: 'm',
      kind: 'log2' as const,
      unit: '',
      key: null,
      total: 8,
      slots: { convention, assumed: true, count: 27 },
      buckets: [0, 1, 9, 26].map(slot => ({
        ...slotBounds({ convention, step: 1, base: 0, slotCount: 27, lastIsOverflow: false }, slot),
        count: 2,
      })),
    });
    for (const [from, to] of [
      ['libbpf-tools', 'bcc'],
      ['bcc', 'exp2'],
      ['exp2', 'libbpf-tools'],
    ] as const)
      expect(recount(counted(from), to)).toEqual(counted(to));
    expect(recount(counted('libbpf-tools'), 'exp2').buckets[2]).toEqual({ min: 257, max: 512, count: 2 });
  });

  it('linear slots begin at the base; the last one is open when it holds the overflow', () => {
    const view = { convention: 'linear', base: 10, step: 5, slotCount: 3, lastIsOverflow: true } as const;
    expect([0, 1, 2].map(slot => slotBounds(view, slot))).toEqual([
      { min: 10, max: 14 },
      { min: 15, max: 19 },
      { min: 20, max: U64_MAX },
    ]);
    expect(slotBounds({ ...view, lastIsOverflow: false }, 2)).toEqual({ min: 20, max: 24 });
  });
});

describe('histograms', () => {
  it('array of slots', () => {
    const [histogram] = decodeHistograms(
      map(annotated, 'sizes'),
      u32s(0, 12, 13, 63),
      u64s(1, 0, 7, 2),
      4,
      1,
    );
    expect(histogram).toMatchObject(
      plainHistogram(
        [
          { min: 0, max: 0, count: 1 },
          { min: 4096, max: 8191, count: 7 },
          { min: 2n ** 62n, max: 2n ** 64n - 1n, count: 2 },
        ],
        { map: 'sizes', label: 'Request sizes', unit: 'bytes' },
      ),
    );
  });

  it('adds up the CPUs of per-CPU slots', () => {
    const values = u64s(1, 2, 3, 0, 0, 0, 10, 20, 30);
    const [histogram] = decodeHistograms(map(annotated, 'depth'), u32s(0, 1, 100), values, 3, 3);
    expect(histogram?.kind).toBe('linear');
    expect(histogram?.buckets).toEqual([
      { min: 10, max: 14, count: 6 },
      { min: 510, max: 2n ** 64n - 1n, count: 60 },
    ]);
  });

  it('one per key, from values that hold the slots; empty ones are left out', () => {
    const hists = map(plain, 'hists');
    const values = new Uint8Array(2 * hists.valueSize);
    const view = new DataView(values.buffer);
    view.setUint32(0, 5, true);
    view.setUint32(26 * 4, 1, true);
    const decoded = decodeHistograms(hists, u32s(0x800001, 1, 0x800002, 2), values, 2, 1);
    expect(decoded).toHaveLength(1);
    expect(decoded[0]).toMatchObject({
      key: { dev: 0x800001, cmd_flags: 1 },
      total: 6,
      buckets: [
        { min: 0, max: 1, count: 5 },
        { min: 2 ** 26, max: 2n ** 64n - 1n, count: 1 },
      ],
    });
  });

  it('slots that do not begin the value', () => {
    const values = new Uint8Array(8 + 64 * 8);
    const view = new DataView(values.buffer);
    view.setBigUint64(0, 99n, true);
    view.setBigUint64(8 + 3 * 8, 4n, true);
    expect(decodeHistograms(map(annotated, 'by_disk'), u32s((8 << 20) | 1), values, 1, 1)).toMatchObject([
      { key: { value: (8 << 20) | 1 }, total: 4, buckets: [{ min: 4, max: 7, count: 4 }] },
    ]);
  });

  it('returns an empty histogram for an empty map and never reads beyond a short frame', () => {
    expect(decodeHistograms(map(annotated, 'sizes'), u32s(), u64s(), 0, 1)).toMatchObject([
      { total: 0, buckets: [] },
    ]);
    expect(decodeHistograms(map(annotated, 'sizes'), u32s(1), u64s(3), 1000, 1)).toMatchObject([
      { total: 3 },
    ]);
    expect(decodeHistograms(map(annotated, 'stacks'), u32s(), u64s(), 0, 1)).toEqual([]);
  });
});

describe('histograms in globals', () => {
  it('come one by one, keyed by index where there are several', () => {
    const bytes = new Uint8Array(4096);
    const view = new DataView(bytes.buffer);
    const offset = (name: string) => plain.globals.find(global => global.name === name)?.offset ?? Number.NaN;
    view.setUint32(offset('hists_by_op') + 124 + 2 * 4, 9, true);
    view.setUint32(offset('latency_hist') + 4, 3, true);
    expect(decodeGlobalHistograms(plain, '.bss', bytes)).toHaveLength(2);
    expect(decodeGlobalHistograms(plain, '.bss', bytes)).toEqual(
      expect.arrayContaining([
        plainHistogram([{ min: 4, max: 7, count: 9 }], {
          map: 'hists_by_op',
          label: 'hists_by_op',
          unit: '',
          id: '01000000',
          key: { value: 1 },
          slots: { convention: 'libbpf-tools', assumed: true, count: expect.any(Number) },
        }),
        plainHistogram([{ min: 2, max: 3, count: 3 }], {
          map: 'latency_hist',
          label: 'latency_hist',
          unit: '',
          id: '',
          slots: { convention: 'libbpf-tools', assumed: true, count: expect.any(Number) },
        }),
      ]),
    );
    expect(decodeGlobalHistograms(plain, '.data', bytes)).toEqual([]);
  });
});

describe('table entries', () => {
  it('adds up per-CPU values, whose stride is the size rounded up to 8', () => {
    const counts = map(plain, 'counts');
    expect(counts).toMatchObject({ perCpu: true, valueSize: 4 });
    const values = u32s(1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 5, 0);
    expect(decodeEntries(counts, u32s(100, 200), values, 2, 3)).toEqual([
      { id: '64000000', key: { value: 100 }, value: { value: 6 } },
      { id: 'c8000000', key: { value: 200 }, value: { value: 5 } },
    ]);
  });

  it('keeps names and extremes of per-CPU values apart from sums', () => {
    const base = map(plain, 'counts');
    if (base.view.kind !== 'table') throw new Error('no table');
    const [number] = base.view.value.fields;
    if (!number) throw new Error('no field');
    const layout = {
      typeName: 'struct',
      size: 24,
      fields: [
        { ...number, name: 'comm', offset: 0, size: 4, storage: 'text' as const, meaning: 'comm' as const },
        { ...number, name: 'max_ns', offset: 4, meaning: 'duration-ns' as const },
        { ...number, name: 'min_ns', offset: 8, meaning: 'duration-ns' as const },
        { ...number, name: 'calls', offset: 12, meaning: 'count' as const },
        { ...number, name: 'last_pid', offset: 16, meaning: 'pid' as const },
        { ...number, name: 'total', offset: 20, meaning: 'plain' as const },
      ],
    };
    const struct = { ...base, valueSize: 24, view: { ...base.view, value: layout } };
    const text = 0x00746163; // "cat"
    const values = u32s(0, 0, 0, 0, 0, 0, text, 7, 3, 2, 42, 0xffffffff, text, 9, 5, 1, 43, 0xffffffff);
    expect(decodeEntries(struct, u32s(1), values, 1, 3)).toEqual([
      {
        id: '01000000',
        key: { value: 1 },
        value: { comm: 'cat', max_ns: 9, min_ns: 3, calls: 3, last_pid: 42, total: 2 * 0xffffffff },
      },
    ]);
  });
});

describe('stacks', () => {
  it('ends a stack at the first zero address', () => {
    const values = new Uint8Array(127 * 8);
    const view = new DataView(values.buffer);
    view.setBigUint64(0, 0xffffffff81000000n, true);
    view.setBigUint64(8, 5n, true);
    expect(decodeStacks(map(annotated, 'stacks'), u32s(17), values, 1)).toEqual(
      new Map([
        [
          17,
          [
            { kind: 'address', address: 0xffffffff81000000n },
            { kind: 'address', address: 5n },
          ],
        ],
      ]),
    );
  });

  it('reads build ids with file offsets, and addresses without one', () => {
    const values = new Uint8Array(127 * 32);
    const view = new DataView(values.buffer);
    view.setInt32(0, 1, true);
    values.fill(0xab, 4, 24);
    view.setBigUint64(24, 0x1234n, true);
    view.setInt32(32, 2, true);
    view.setBigUint64(56, 0x7fffn, true);
    expect(decodeStacks(map(annotated, 'build_ids'), u32s(1), values, 1).get(1)).toEqual([
      { kind: 'build-id', buildId: 'ab'.repeat(20), offset: 0x1234n },
      { kind: 'address', address: 0x7fffn },
    ]);
  });
});

describe('percentiles', () => {
  it('takes the nearest rank and spreads samples evenly over their bucket', () => {
    const buckets = [
      { min: 0, max: 9, count: 50 },
      { min: 10, max: 19, count: 50 },
    ];
    expect(percentile(buckets, 50)).toBeCloseTo(8.91, 2);
    expect(percentile(buckets, 51)).toBeCloseTo(10.09, 2);
    expect(percentile(buckets, 100)).toBeCloseTo(18.91, 2);
    expect(percentile(buckets, 0)).toBeCloseTo(0.09, 2);
  });

  it('is exact for buckets of one value and errs by less than a bucket otherwise', () => {
    expect(
      percentiles(
        [
          { min: 1, max: 1, count: 99 },
          { min: 1000, max: 1000, count: 1 },
        ],
        [50, 99, 99.5],
      ),
    ).toEqual([1, 1, 1000]);
    const samples = Array.from({ length: 1000 }, (_, i) => (i * i) % 5000).sort((a, b) => a - b);
    const buckets = Array.from({ length: 50 }, (_, i) => {
      const min = i * 100;
      return {
        min,
        max: min + 99,
        count: samples.filter(sample => sample >= min && sample < min + 100).length,
      };
    }).filter(bucket => bucket.count > 0);
    for (const percent of [1, 25, 50, 90, 99, 99.9]) {
      const truth = samples[Math.ceil((percent / 100) * samples.length) - 1] ?? 0;
      expect(Math.abs((percentile(buckets, percent) ?? Number.NaN) - truth)).toBeLessThan(100);
    }
  });

  it('returns the lower bound of an open top bucket and null without samples', () => {
    expect(percentile([{ min: 990, max: 2n ** 64n - 1n, count: 4 }], 50)).toBe(990);
    expect(percentiles([], [50, 99])).toEqual([null, null]);
  });
});
