/** Stack ids are recognised by where they come from: bpf_get_stackid()'s result in a key. */
import { describe, expect, it } from 'vitest';
import { readObject } from '../../../src/shared/object/object';
import { stackTables } from '../../../src/shared/object/stack-tables';
import { clangs, compileFixture } from './compile-fixture';

describe.each(clangs)('stack ids of an object by %s', clang => {
  const object = readObject(compileFixture(clang, 'stack-ids'), 'stack-ids.bpf.o');
  const stacks = Object.fromEntries(
    stackTables(object).map(table => [
      table.map.name,
      table.stacks.map(({ part, field, space }) => `${part}.${field.name}: ${space}`),
    ]),
  );

  it('are found whatever their field is called', () => {
    expect(stacks.by_stack).toEqual(['key.value: kernel']);
    expect(stacks.by_place?.length).toBeGreaterThan(0);
    for (const each of stacks.by_place ?? []) expect(each).toMatch(/^key\.(from: kernel|to: user)$/);
  });

  it('are not numbers made from them', () => expect(stacks.by_number).toBeUndefined());
});
