import type { FieldValue } from '../../src/shared/decode/model';

/** A map's key as text that is unique among the map's keys: equal fields in equal order. */
export function keyText(key: Readonly<Record<string, FieldValue>>): string {
  return JSON.stringify(key, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
  );
}
