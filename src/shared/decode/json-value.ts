/** Values as JSON contains them, for `bpfw run --json` and for exports of panels: what is shown, but numbers unscaled. */
import { hexDigits } from '../bytes/hex';
import type { RecordLayout } from '../object/model';
import { isSingleValue } from '../object/record-layout';
import { type FormattedAs, formatValue } from './format';
import type { FieldValue, RecordValue } from './model';

/** JSON has no bigint, bytes or infinite numbers. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Addresses and constants of enums are text, as shown; numbers keep their unit. Integers beyond 2^53 and numbers that are
 * not finite are text; bytes are hexadecimal digits; arrays whose indices have names are objects.
 */
export function jsonValue(value: FieldValue, field: FormattedAs | undefined): JsonValue {
  if (value instanceof Uint8Array) {
    return field?.meaning === 'ipv6' || field?.meaning === 'mac'
      ? formatValue(value, field)
      : hexDigits(value);
  }
  if (typeof value === 'object') {
    const elements = value.map(each =>
      typeof each === 'object' ? jsonElement(each, field?.element) : jsonNumber(each, field),
    );
    return field?.indexNames ? byName(elements, field.indexNames) : elements;
  }
  return typeof value === 'number' || typeof value === 'bigint' ? jsonNumber(value, field) : value;
}

/** A record by its fields' names; fields that the layout does not have are as decoded. */
export function jsonRecord(
  record: RecordValue,
  layout: Pick<RecordLayout, 'fields'> | null,
): { readonly [name: string]: JsonValue } {
  const fields = new Map(layout?.fields.map(field => [field.name, field]));
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, jsonValue(value, fields.get(name))]),
  );
}

function byName(elements: readonly JsonValue[], names: Readonly<Record<string, string>>): JsonValue {
  return Object.fromEntries(
    elements.map((element, index) => [names[String(index)] ?? String(index), element]),
  );
}

function jsonElement(element: RecordValue, layout: RecordLayout | undefined): JsonValue {
  const json = jsonRecord(element, layout ?? null);
  return layout && isSingleValue(layout) ? (json.value ?? null) : json;
}

function jsonNumber(value: number | bigint, field: Parameters<typeof jsonValue>[1]): JsonValue {
  if (field?.meaning === 'ipv4') return formatValue(value, field);
  const name = field?.meaning === 'enum' ? field.valueNames?.[String(value)] : undefined;
  if (name !== undefined) return name;
  if (typeof value === 'bigint') return exactNumber(value);
  return Number.isFinite(value) ? value : String(value);
}

/** A number when it is exact, else its digits. */
export function exactNumber(value: bigint): number | string {
  const isExact = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return isExact ? Number(value) : String(value);
}
