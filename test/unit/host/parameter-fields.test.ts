import { describe, expect, it } from 'vitest';
import { fieldValue, formFields } from '../../../src/host/parameters/fields';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from '../object/compile-fixture';

const [clang] = clangs;
if (!clang) throw new Error('no clang');
const object = readObject(compileFixture(clang, 'form-parameters'), 'form_parameters');

describe('fields of a form', () => {
  const fields = new Map(
    formFields(object, { min_us: { help: 'In short', placeholder: '10' } }).map(field => [field.name, field]),
  );

  it('show type, label, unit, range and default, from the object', () => {
    expect([...fields.keys()]).toEqual(['target_pid', 'target_kind', 'min_us', 'all', 'target_function']);
    expect(fields.get('min_us')).toEqual({
      name: 'min_us',
      label: 'Shortest call shown',
      unit: 'us',
      help: 'In short',
      facts: 'min_us · whole number from 0, 64 bits · 1 to 1000000 · default 10',
      control: { kind: 'text', placeholder: '10' },
      defaultValue: '10',
      required: false,
      picker: '',
    });
    expect(fields.get('all')?.control).toEqual({ kind: 'flag' });
    expect(fields.get('target_pid')?.picker).toBe('Choose Process…');
  });

  it('offer the constants of an enum, by name', () => {
    const { control } = fields.get('target_kind') ?? {};
    expect(control?.kind === 'choice' && control.options.map(({ value }) => value)).toEqual(['any', 'pipe']);
    const kind = object.parameters.find(({ name }) => name === 'target_kind');
    expect(kind && fieldValue(kind, '1')).toBe('pipe');
  });

  it('mark what must be set before anything can be attached', () => {
    expect([...fields.values()].filter(({ required }) => required).map(({ name }) => name)).toEqual([
      'target_function',
    ]);
  });
});
