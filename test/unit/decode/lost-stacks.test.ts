/** Stacks that were lost: how many, of which map, and how large it has to be. */
import { describe, expect, it } from 'vitest';
import { formatValue } from '../../../src/shared/decode/format';
import { lostFrame, lostStacks, lostStacksText, stackId } from '../../../src/shared/decode/lost-stacks';
import type { MapDefinition, Storage } from '../../../src/shared/object/model';
import { stackTables } from '../../../src/shared/object/stack-tables';
import { plainField } from '../plain-field';

describe('an id in the place of a stack', () => {
  it.each<[Storage, number | bigint, ReturnType<typeof stackId>, string | null]>([
    ['i32', 7, { kind: 'id', id: 7 }, null],
    ['u32', 4096, { kind: 'id', id: 4096 }, null],
    ['i32', -17, { kind: 'error', errno: 17 }, '[stack lost: its place was taken]'],
    ['u32', 2 ** 32 - 17, { kind: 'error', errno: 17 }, '[stack lost: its place was taken]'],
    ['u64', 2n ** 64n - 17n, { kind: 'error', errno: 17 }, '[stack lost: its place was taken]'],
    ['u32', 2 ** 32 - 14, { kind: 'error', errno: 14 }, null],
    ['i64', -12, { kind: 'error', errno: 12 }, '[stack lost: ENOMEM]'],
    ['u32', 2 ** 32 - 22, { kind: 'error', errno: 22 }, '[stack lost: EINVAL]'],
  ])('%s %s', (storage, value, id, frame) => {
    expect(stackId(value, storage)).toEqual(id);
    expect(lostFrame(id)).toBe(frame);
  });

  it('is its errno in a column without sign, too', () => {
    const field = plainField('kernel_stack_id', { storage: 'u32', meaning: 'kernel-stack' });
    expect(formatValue(2 ** 32 - 14, field)).toBe('EFAULT');
    expect(formatValue(12, field)).toBe('12');
  });
});

const definition = (name: string, maxEntries: number, view: MapDefinition['view']): MapDefinition => ({
  name,
  type: 7,
  typeName: view.kind === 'stacks' ? 'stack_trace' : 'hash',
  keySize: 4,
  valueSize: 8,
  maxEntries,
  flags: 0,
  perCpu: false,
  label: name,
  view,
  entries: null,
});

describe.each<Storage>(['i32', 'u32'])('lost stacks of a table with ids of %s', storage => {
  const id = plainField('stack_id', { storage, size: 4, meaning: 'kernel-stack' });
  const counts = definition('counts', 64, {
    kind: 'table',
    key: { typeName: '', size: 4, fields: [id] },
    value: { typeName: '', size: 8, fields: [plainField('value')] },
  });
  const object = { maps: [definition('stacks', 1, { kind: 'stacks', depth: 127, buildId: false }), counts] };
  const [table] = stackTables(object);
  const error = (errno: number) => (storage === 'u32' ? 2 ** 32 - errno : -errno);
  const entry = (stack: number, value: number) => ({ key: { stack_id: stack }, value: { value } });
  const lost = (entries: ReturnType<typeof entry>[], stored: number[]) =>
    table ? lostStacks(object, table, entries, new Set(stored)) : [];

  it('that had no place name the map and a size that is enough', () => {
    const found = lost([entry(0, 5), entry(error(17), 40), entry(error(14), 9)], [0]);
    expect(found).toEqual([
      {
        reason: 'EEXIST',
        entries: 1,
        samples: 40,
        maps: [{ map: 'stacks', maxEntries: 1 }],
        neededEntries: 16,
      },
    ]);
    expect(found.map(each => lostStacksText('counts', each))).toEqual([
      '1 stack of counts, counted 40 times, did not fit into stacks (max_entries 1): the place was taken (EEXIST). Set max_entries to 16 or more.',
    ]);
  });

  it('that were replaced, and those without memory, are distinguished', () => {
    const found = lost([entry(3, 2), entry(4, 1), entry(error(12), 1)], [4]);
    expect(found.map(each => lostStacksText('counts', each))).toEqual([
      '1 stack of counts, counted 2 times, is no longer in stacks (max_entries 1): others replaced it. Set max_entries to 16 or more.',
      '1 stack of counts, counted 1 time, could not be stored in stacks (max_entries 1): ENOMEM.',
    ]);
  });

  it('are none where every stack is there', () => {
    expect(lost([entry(1, 2), entry(error(14), 1)], [1])).toEqual([]);
  });
});
