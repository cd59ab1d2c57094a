/** Fields of values whose C type is unknown. */
import type { Field } from '../../src/shared/object/model';

/** A number without a meaning, as the first of its record; `part` overrides members. */
export function plainField(name: string, label: string, part: Partial<Field> = {}): Field {
  return {
    name,
    label,
    offset: 0,
    size: 0,
    storage: 'u64',
    bitOffset: 0,
    bitSize: 0,
    count: 1,
    elementStorage: null,
    elementSize: 0,
    meaning: 'plain',
    unit: '',
    valueNames: null,
    help: '',
    hidden: false,
    typeName: '',
    ...part,
  };
}
