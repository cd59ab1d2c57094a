/** What `bpfw run` prints for people: aligned whatever the values, with units once, names instead of numbers. */

import { describe, expect, it } from 'vitest';
import { histogramRows } from '../../../src/cli/print/bars';
import { textOutput } from '../../../src/cli/print/run-text';
import type { Histogram } from '../../../src/shared/decode/model';
import type { Field, MapDefinition, RecordLayout } from '../../../src/shared/object/model';
import { plainField } from '../plain-field';
import { captureStdout } from './written';

const field = ({ name = '', ...part }: Partial<Field>): Field => plainField(name, part);
const layout = (...fields: Field[]): RecordLayout => ({ typeName: 'event', size: 64, fields });
const latency = field({ name: 'latency', meaning: 'duration-ns', unit: 'ns' });
const step = field({
  name: 'step',
  storage: 'u32',
  size: 4,
  meaning: 'enum',
  valueNames: { 0: 'guest_exit', 1: 'guest_hypercall' },
});
const histogram = (over: Partial<Histogram>): Histogram => ({
  map: 'm',
  label: 'Latency',
  kind: 'log2',
  unit: 'us',
  key: null,
  buckets: [],
  total: 0,
  ...over,
});

describe('text for people', () => {
  const written = captureStdout();
  const lines = () => written.text().trimEnd().split('\n');

  it('keeps columns under their names, the longest name of an enum and all', () => {
    const output = textOutput(['events']);
    const record = layout(step, latency);
    output.event('events', record, { step: 1, latency: 1_500_000n }, new Map());
    output.event('events', record, { step: 0, latency: 12n }, new Map());
    expect(lines()).toEqual([
      'step                  latency',
      'guest_hypercall       1.50 ms',
      'guest_exit              12 ns',
    ]);
  });

  it('names the stream of each line where there are several', () => {
    const output = textOutput(['exits', 'hypercalls']);
    output.event('hypercalls', layout(step), { step: 1 }, new Map());
    output.event('exits', layout(latency), { latency: 12n }, new Map());
    output.event('hypercalls', layout(step), { step: 0 }, new Map());
    output.event('exits', null, { bytes: new Uint8Array([1, 255]) }, new Map());
    expect(lines()).toEqual([
      'hypercalls  step',
      'hypercalls  guest_hypercall',
      'exits            latency',
      'exits              12 ns',
      'hypercalls  guest_exit',
      'exits       01 ff',
    ]);
  });

  it('has the largest entries of a table first, quantities to the right', () => {
    const map = {
      label: 'Bytes by name',
      view: {
        kind: 'table',
        key: layout(field({ name: 'name', storage: 'text', meaning: 'text' })),
        value: layout(field({ name: 'bytes', meaning: 'bytes', unit: 'bytes' })),
      },
    } as unknown as MapDefinition;
    textOutput(['events']).map(map, [
      { key: { name: 'a' }, value: { bytes: 5n } },
      { key: { name: 'longer' }, value: { bytes: 4096n } },
    ]);
    expect(lines()).toEqual(['', 'Bytes by name:', 'name    bytes', 'longer  4 KiB', 'a         5 B']);
  });

  it('folds stacks below their command, the largest first, and names what is counted', () => {
    const map = { label: 'Samples' } as unknown as MapDefinition;
    const stack = (comm: string, samples: number) => ({
      frames: ['main', '<[u8; 4] as Price>::price'],
      key: { comm },
      value: { samples },
    });
    textOutput(['events']).stacks(map, [stack('one', 1), stack('two', 2)]);
    expect(lines()).toEqual([
      '',
      'Samples, outermost frame first; samples:',
      'two;main;<[u8_ 4] as Price>::price 2',
      'one;main;<[u8_ 4] as Price>::price 1',
    ]);
  });
});

describe('histograms', () => {
  it('name a slot of one value by the value, and the open one by its bound', () => {
    const buckets = [
      { min: 3, max: 3, count: 2 },
      { min: 4, max: 7, count: 1 },
      { min: 8, max: 0xffffffffffffffffn, count: 1 },
    ];
    const bounds = histogramRows(histogram({ buckets, total: 4 }), null).map(row =>
      row.split(' : ')[0]?.trim(),
    );
    expect(bounds.slice(1)).toEqual(['us', '3', '4 -> 7', '8 and more']);
  });

  it('show percentiles, and for those in the lowest and the open slot their bound', () => {
    const buckets = [
      { min: 0, max: 9, count: 60 },
      { min: 20, max: 29, count: 38 },
      { min: 990, max: 0xffffffffffffffffn, count: 2 },
    ];
    const [, line] = histogramRows(histogram({ kind: 'percentiles', buckets, total: 100 }), null);
    expect(line).toMatch(/^ {2}p50 < 10 us {3}p90 2\d(\.\d)? us {3}p99 >= 990 us {3}p99\.9 >= 990 us$/);
  });

  it('show their key by its meaning', () => {
    const [title] = histogramRows(histogram({ key: { step: 1 } }), layout(step));
    expect(title).toBe('Latency [step guest_hypercall]: 0 values');
  });
});
