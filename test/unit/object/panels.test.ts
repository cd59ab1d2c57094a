import { describe, expect, it } from 'vitest';
import { readObject } from '../../../src/shared/object/object';
import { mainPanelsOf, panelsOf } from '../../../src/shared/object/panels';
import { clangs, compileFixture } from './compile-fixture';

const [clang] = clangs;
if (!clang) throw new Error('no clang');
const object = (fixture: string) => readObject(compileFixture(clang, fixture), fixture);

describe('panels of an object', () => {
  it('are those it has something for', () => {
    expect(panelsOf(object('panel-maps'))).toEqual(['maps']);
    expect(panelsOf(object('disk-events'))).toContain('events');
  });

  it('open by themselves, but for variables beside something better', () => {
    expect(mainPanelsOf(object('panel-maps'))).toEqual(['maps']);
    const events = object('disk-events');
    expect(mainPanelsOf({ ...events, globals: object('panel-maps').globals })).toEqual(['events']);
    expect(mainPanelsOf({ ...events, maps: [], globals: object('panel-maps').globals })).toEqual(['maps']);
  });
});
