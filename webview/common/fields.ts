/** Fields of values whose C type is unknown, and keys as text. */
import type { MapEntry, RecordValue } from '../../src/shared/decode/model';
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
    why: 'its type',
    unit: '',
    valueNames: null,
    help: '',
    hidden: false,
    typeName: '',
    ...part,
  };
}

/** Identifies a map's key among all of the map: by its bytes, where they are known, else by its fields' values. */
export function keyId({ id, key }: Pick<MapEntry, 'id' | 'key'>): string {
  return id ?? keyText(key);
}

function keyText(key: RecordValue): string {
  return JSON.stringify(key, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
  );
}
