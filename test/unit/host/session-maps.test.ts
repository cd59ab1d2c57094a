import { describe, expect, it } from 'vitest';
import { mapsToList, SessionMaps } from '../../../src/host/sessions/session-maps';
import { TracerRequestError } from '../../../src/session/targets/tracer-connection';
import { firstContent } from '../../../src/shared/decode/map-content';
import type { BpfObject, MapDefinition } from '../../../src/shared/object/model';
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
const nothing: BpfObject = {
  name: 'object',
  license: 'GPL',
  programs: [],
  maps: [],
  parameters: [],
  globals: [],
  usesPrintk: false,
  btf: null,
  rootTypeIds: {},
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

describe('a map that cannot be read', () => {
  const refusal = new TracerRequestError('map/read', 'kernel', 'EPERM', { code: 'kernel' }, null);
  const one = { ...firstContent(new Uint8Array(4), new Uint8Array(8), 1), truncated: false };
  let asked: string[] = [];
  const mapsOf = (refused: Partial<MapDefinition>, error: Error): SessionMaps => {
    asked = [];
    const maps = [
      { ...base, ...refused },
      { ...base, name: 'seen' },
    ];
    return new SessionMaps({
      object: { ...nothing, maps },
      opened: { possibleCpus: 1 },
      readMap: async map => {
        asked.push(map.name);
        if (map.name === 'start') throw error;
        return { map, cpus: 1, ...one };
      },
      readSection: async () => new Uint8Array(),
    });
  };

  it('is left out and not requested again when it was not requested', async () => {
    const maps = mapsOf({}, refusal);
    expect((await maps.readTables()).map(({ map }) => map)).toEqual(['seen']);
    maps.nextRound();
    expect((await maps.readTables()).map(({ map }) => map)).toEqual(['seen']);
    expect(asked).toEqual(['start', 'seen', 'seen']);
  });

  it('ends the session when it is a table, or when the connection is gone', async () => {
    await expect(mapsOf({ view: { kind: 'table', ...entries } }, refusal).readTables()).rejects.toBe(refusal);
    const gone = new Error('gone');
    await expect(mapsOf({}, gone).readTables()).rejects.toBe(gone);
  });
});
