import type { BtfType } from '../btf/btf-model';

/** Enum constants by decimal value; of synonyms the first in declaration order. */
export function enumNames(type: BtfType): Record<string, string> | null {
  if (type.kind !== 'enum') return null;
  const names: Record<string, string> = {};
  for (const { name, value } of type.values) names[String(value)] ??= name;
  return names;
}
