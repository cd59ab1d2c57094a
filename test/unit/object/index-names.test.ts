/** Arrays are shown under the names of the enum that their index is a constant of, where the object tells it. */
import { describe, expect, it } from 'vitest';
import { formatValue } from '../../../src/shared/decode/format';
import { decodeGlobals } from '../../../src/shared/decode/globals';
import { jsonRecord } from '../../../src/shared/decode/json-value';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from './compile-fixture';

describe.each(clangs)('indices of an object by %s', clang => {
  const object = readObject(compileFixture(clang, 'index-names'), 'index-names');
  const namesOf = (global: string) =>
    Object.values(object.globals.find(({ name }) => name === global)?.layout.fields[0]?.indexNames ?? {});

  it.each([
    ['calls', ['CALL_READ', 'CALL_WRITE']],
    ['dropped_by_reason', ['REASON_NONE', 'REASON_FULL', 'REASON_LATE']],
    ['bytes_by_way', ['WAY_IN', 'WAY_OUT']],
    ['totals', ['REASON_NONE', 'REASON_FULL', 'REASON_LATE']],
    ['stage_times', ['STAGE_PARSE', 'STAGE_RUN', 'STAGE_DONE']],
    ['latest', []],
    ['sparse', []],
  ])('%s: %j', (global, names) => {
    expect(namesOf(global)).toEqual(names);
  });

  it('are of members and of array maps, too', () => {
    const view = (map: string) => {
      const found = object.maps.find(({ name }) => name === map)?.view;
      if (found?.kind !== 'table') throw new Error(`${map} is ${found?.kind}`);
      return found;
    };
    for (const field of view('by_pid').value.fields)
      expect(Object.values(field.indexNames ?? {})).toEqual(['CALL_READ', 'CALL_WRITE']);
    expect(view('by_pid').key.fields[0]?.meaning).toBe('plain');
    expect(view('call_times').key.fields[0]).toMatchObject({
      meaning: 'enum',
      valueNames: { '0': 'CALL_READ', '1': 'CALL_WRITE' },
    });
  });

  it('name the values in text and in JSON', () => {
    const bss = new DataView(new ArrayBuffer(512));
    const offset = object.globals.find(({ name }) => name === 'calls')?.offset ?? Number.NaN;
    bss.setBigUint64(offset + 8, 40n, true);
    const calls = decodeGlobals(object, '.bss', new Uint8Array(bss.buffer)).find(
      ({ global }) => global.name === 'calls',
    );
    const [field] = calls?.global.layout.fields ?? [];
    if (!calls || !field) throw new Error('the fixture has lost its calls');
    expect(jsonRecord(calls.value, calls.global.layout)).toEqual({
      value: { CALL_READ: 0, CALL_WRITE: 40 },
    });
    expect(formatValue(calls.value.value ?? 0, field)).toBe('CALL_WRITE 40');
  });
});
