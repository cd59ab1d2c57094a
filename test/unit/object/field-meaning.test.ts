import { describe, expect, it } from 'vitest';
import { decideMeaning } from '../../../src/shared/object/field-meaning';
import type { Storage } from '../../../src/shared/object/model';

const byName = (name: string, size = 8) =>
  decideMeaning({ name, typedefs: [], storage: size === 4 ? 'u32' : 'u64', size, unit: null });

describe('a unit by name', () => {
  const decided = (name: string, storage: Storage, size: number, more: object = {}) =>
    decideMeaning({ name, typedefs: [], storage, size, unit: null, ...more }).meaning;

  it.each<[string, Storage, number, string]>([
    ['delta_ns', 'u64', 8, 'duration-ns'],
    ['delta_ns', 'u32', 4, 'duration-ns'],
    ['delta_ns', 'i64', 8, 'duration-ns'],
    ['delta_ns', 'u16', 2, 'plain'],
    ['delta_ns', 'u8', 1, 'plain'],
    ['delta_ns', 'bool', 1, 'bool'],
    ['delta_ns', 'text', 8, 'text'],
    ['delta_ns', 'f64', 8, 'duration-ns'],
    ['delay_us', 'u16', 2, 'plain'],
    ['delay_ms', 'u16', 2, 'duration-ms'],
    ['delay_ms', 'u8', 1, 'plain'],
    ['sent_bytes', 'u8', 1, 'plain'],
    ['sent_bytes', 'u32', 4, 'bytes'],
    ['ts', 'u32', 4, 'plain'],
    ['ts', 'u64', 8, 'timestamp-ns'],
    ['pid', 'u16', 2, 'plain'],
    ['total_ns', 'u128', 16, 'plain'],
  ])('%s of %s is %s', (name, storage, size, meaning) => {
    expect(decided(name, storage, size)).toBe(meaning);
  });

  it('has the reason, and can be overruled only where the name alone tells it', () => {
    expect(
      decideMeaning({ name: 'delta_ns', typedefs: [], storage: 'u64', size: 8, unit: null }),
    ).toMatchObject({
      unit: 'ns',
      unitByName: true,
      why: 'its name, delta_ns, and its type (u64)',
    });
    for (const stated of [{ unit: 'us' }, { typedefs: ['bpfw_ns'] }])
      expect(
        decideMeaning({ name: 'delta_ns', typedefs: [], storage: 'u64', size: 8, unit: null, ...stated })
          .unitByName,
      ).toBe(false);
  });

  it('does not come from three bits', () => {
    expect(decided('wait_ns', 'u64', 8, { bitSize: 3 })).toBe('plain');
    expect(decided('wait_ns', 'u64', 8, { bitSize: 48 })).toBe('duration-ns');
  });
});

describe('a name that ends in ns', () => {
  it.each(['pid_ns', 'mnt_ns', 'netns', 'parent_user_ns', 'cgroup_ns', 'uts_ns', 'ipc_ns'])(
    '%s is the number of a namespace',
    name => {
      expect(byName(name)).toMatchObject({ meaning: 'plain', unit: '' });
      expect(byName(name, 4)).toMatchObject({ meaning: 'plain', unit: '' });
    },
  );

  it.each(['delta_ns', 'ns', 'time_ns', 'rapid_ns', 'subnet_wait_ns'])('%s is a duration', name => {
    expect(byName(name)).toMatchObject({ meaning: 'duration-ns', unit: 'ns' });
  });

  it.each(['ts_ns', 'start_ns'])('%s is a time', name => {
    expect(byName(name)).toMatchObject({ meaning: 'timestamp-ns', unit: 'ns' });
  });
});
