import { expect, it } from 'vitest';
import { mapsToList } from '../../../src/host/sessions/read-maps';
import type { MapDefinition } from '../../../src/shared/object/model';
import { untypedLayout } from '../../../src/shared/object/record-layout';

const entries = { key: untypedLayout(4), value: untypedLayout(8) };
const base: MapDefinition = {
  name: 'start',
  type: 1,
  typeName: 'hash',
  keySize: 4,
  valueSize: 8,
  maxEntries: 10_240,
  flags: 0,
  perCpu: false,
  label: 'start',
  view: { kind: 'internal', why: 'bookkeeping' },
  entries,
};
const listed = (map: Partial<MapDefinition>, cpus = 1): number =>
  mapsToList({ maps: [{ ...base, ...map }] }, cpus).length;

it('lists what a program keeps for itself, unless it is large', () => {
  expect(listed({})).toBe(1);
  expect(listed({ entries: null })).toBe(0);
  const scratch = { name: 'heap', maxEntries: 1, valueSize: 256 << 10, perCpu: true };
  expect(listed(scratch, 4)).toBe(1);
  // Longer than what a data frame may hold: asked for, its refusal would end the session.
  expect(listed(scratch, 64)).toBe(0);
});

it('lists a table however large it is', () => {
  expect(listed({ view: { kind: 'table', ...entries }, maxEntries: 10 << 20 })).toBe(1);
});
