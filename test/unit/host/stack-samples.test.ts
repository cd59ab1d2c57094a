import { describe, expect, it } from 'vitest';
import { stackSamples } from '../../../src/host/sessions/stack-samples';
import type { StackEntry } from '../../../src/session/symbols/read-stacks';
import type { Field, RecordLayout } from '../../../src/shared/object/model';
import type { StackTable } from '../../../src/shared/object/stack-tables';
import { plainField } from '../plain-field';

const layout = (...fields: Field[]): RecordLayout => ({ typeName: 't', size: 8, fields });

function table(...value: Field[]): StackTable {
  return {
    map: {
      name: 'allocations',
      type: 1,
      typeName: 'hash',
      keySize: 8,
      valueSize: 16,
      maxEntries: 10,
      flags: 0,
      perCpu: false,
      label: 'Allocations',
      view: { kind: 'table', key: layout(plainField('pid')), value: layout(...value) },
      entries: null,
    },
    stacks: [],
    pid: null,
  };
}
const bytes = plainField('bytes', { meaning: 'bytes', unit: 'bytes' });
const frames = [
  { name: 'main', module: 'app', kind: 'user' as const },
  { name: 'ext4_read', module: 'ext4', kind: 'kernel' as const },
];
const entry = (value: StackEntry['value']): StackEntry => ({ frames, key: { pid: 7 }, value });

describe('stackSamples', () => {
  it('counts the plain number and sums the one with a unit, wherever they stand', () => {
    const { unit, stacks, map, label } = stackSamples(table(bytes, plainField('calls')), [
      entry({ bytes: 4096n, calls: 3 }),
    ]);
    expect({ unit, map, label }).toEqual({ unit: 'bytes', map: 'allocations', label: 'Allocations' });
    expect(stacks).toEqual([{ frames, key: { pid: 7 }, count: 3, value: 4096 }]);
  });

  it('has no value where the program only counts', () => {
    const { unit, stacks } = stackSamples(table(plainField('value')), [entry({ value: 5 })]);
    expect([unit, stacks[0]?.count, stacks[0]?.value]).toEqual(['', 5, null]);
  });

  it('has no counts where the program only measures', () => {
    const { stacks } = stackSamples(table(bytes), [entry({ bytes: 64 })]);
    expect([stacks[0]?.count, stacks[0]?.value]).toEqual([0, 64]);
  });

  it('counts a stack once where the table holds no number', () => {
    const { stacks } = stackSamples(table(plainField('comm', { storage: 'text' })), [entry({ comm: 'dd' })]);
    expect([stacks[0]?.count, stacks[0]?.value]).toEqual([1, null]);
  });
});
