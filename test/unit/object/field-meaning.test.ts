import { describe, expect, it } from 'vitest';
import { decideMeaning } from '../../../src/shared/object/field-meaning';

const byName = (name: string, size = 8) =>
  decideMeaning({ name, typedefs: [], storage: size === 4 ? 'u32' : 'u64', size, unit: null });

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
