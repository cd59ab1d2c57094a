import { hexDigits } from '../bytes/hex';
import type { Field, RecordLayout } from '../object/model';
import { isSingleValue } from '../object/record-layout';
import { escapeData, escapeText } from '../text/escape';
import { formatIpv4, formatIpv6, formatMac } from './format-address';
import { formatBytes, formatDuration, formatTimestamp } from './format-quantity';
import { errnoName, signalName } from './kernel-names';
import { stackId } from './lost-stacks';
import type { FieldValue, RecordValue } from './model';

export { formatBytes, formatDuration, formatTimestamp } from './format-quantity';

export type FormattedAs = Pick<
  Field,
  'meaning' | 'unit' | 'valueNames' | 'storage' | 'element' | 'indexNames'
>;

/** Bytes shown of a value that has no other format. */
const HEXDUMP_BYTES = 64;
/** A hundred years, and 1 EiB: what is larger is not scaled. */
const IMPLAUSIBLE_NS = 100 * 365.25 * 86_400e9;
const IMPLAUSIBLE_BYTES = 2 ** 60;
/** Elements shown of an array of structs. */
const SHOWN_ELEMENTS = 16;

/**
 * Formats a value in one line according to its meaning, with its unit. The result never contains control characters, ANSI
 * sequences or bidirectional controls of traced data.
 */
export function formatValue(value: FieldValue, field: FormattedAs): string {
  if (typeof value === 'string') return escapeData(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Uint8Array) return formatByteValue(value, field);
  if (typeof value === 'object')
    return field.element
      ? formatElements(value.filter(isRecord), field.element)
      : formatArray(value.filter(isNumber), field);
  return formatNumber(value, field);
}

/** By the names of the indices, without those that are 0. */
function formatArray(elements: readonly (number | bigint)[], field: FormattedAs): string {
  const texts = elements.map(element => formatNumber(element, field));
  const { indexNames } = field;
  if (!indexNames) return `[${texts.join(', ')}]`;
  const named = texts.flatMap((text, index) =>
    elements[index] ? [`${escapeText(indexNames[String(index)] ?? String(index))} ${text}`] : [],
  );
  return named.join(', ') || '0';
}

/** Without the unused elements at the end. */
function formatElements(elements: readonly RecordValue[], layout: RecordLayout): string {
  const used = elements.findLastIndex(element => !Object.values(element).every(isZero)) + 1;
  const shown = elements.slice(0, Math.min(used, SHOWN_ELEMENTS)).map(element => {
    const fields = layout.fields.filter(({ hidden }) => !hidden);
    const text = (field: Field) => formatValue(element[field.name] ?? 0, field);
    const [only] = fields;
    if (only && isSingleValue(layout)) return text(only);
    return `{${fields.map(field => `${escapeText(field.name)} ${text(field)}`).join(', ')}}`;
  });
  if (shown.length < elements.length) shown.push(`… ${elements.length} elements`);
  return `[${shown.join(', ')}]`;
}

function isRecord(element: number | bigint | RecordValue): element is RecordValue {
  return typeof element === 'object';
}

function isNumber(element: number | bigint | RecordValue): element is number | bigint {
  return typeof element !== 'object';
}

/** 0, false, empty text, and arrays of these. */
export function isZero(value: FieldValue): boolean {
  if (typeof value !== 'object') return !value;
  if (value instanceof Uint8Array) return value.every(byte => byte === 0);
  return value.every(each => (isRecord(each) ? Object.values(each).every(isZero) : !each));
}

function formatNumber(value: number | bigint, field: FormattedAs): string {
  const { meaning } = field;
  switch (meaning) {
    case 'bool':
      return Number(value) === 0 ? 'false' : 'true';
    case 'enum':
      return escapeText(field.valueNames?.[String(value)] ?? String(value));
    case 'flags':
      return formatFlags(value, field.valueNames);
    case 'duration-ns':
      return durationOf(value, 1, 'ns');
    case 'duration-us':
      return durationOf(value, 1e3, 'µs');
    case 'duration-ms':
      return durationOf(value, 1e6, 'ms');
    case 'timestamp-ns':
      return formatTimestamp(value);
    case 'bytes':
      return Math.abs(Number(value)) < IMPLAUSIBLE_BYTES ? formatBytes(Number(value)) : `${value} B`;
    case 'kib':
      return formatBytes(Number(value) * 1024);
    case 'percent':
      return `${value}%`;
    case 'ipv4':
      return formatIpv4(Number(value));
    case 'errno':
      return (value < 0 ? errnoName(-Number(value)) : null) ?? String(value);
    case 'signal':
      return signalName(Number(value)) ?? String(value);
    case 'device': {
      const device = Number(value);
      return `${Math.floor(device / 0x100000)}:${device % 0x100000}`;
    }
    case 'hex':
    case 'ksym':
    case 'usym':
      return hex(value, field.storage);
    case 'kernel-stack':
    case 'user-stack':
      // An element of an array is an address; a single value is the id in a stack map, negative when the stack was not stored.
      if (field.storage === 'array') return hex(value, 'u64');
      return formatStackId(value, field.storage);
    default:
      return field.unit === '' ? String(value) : `${value} ${escapeText(field.unit)}`;
  }
}

function formatStackId(value: number | bigint, storage: Field['storage']): string {
  const id = stackId(value, storage);
  return id.kind === 'error' ? (errnoName(id.errno) ?? `-${id.errno}`) : String(value);
}

/** With every digit where it cannot be a duration: a clock that ran backwards, or another kind of number. */
function durationOf(value: number | bigint, factorNs: number, unit: string): string {
  const ns = Number(value) * factorNs;
  return Math.abs(ns) < IMPLAUSIBLE_NS ? formatDuration(ns) : `${value} ${unit}`;
}

function hex(value: number | bigint, storage: Field['storage']): string {
  const bits =
    storage === 'i8' ? 8 : storage === 'i16' ? 16 : storage === 'i32' ? 32 : storage === 'i128' ? 128 : 64;
  const unsigned = value < 0 ? BigInt.asUintN(bits, BigInt(value)) : value;
  return `0x${unsigned.toString(16)}`;
}

/** "A|B|0x40": the names of named bits, the rest in hexadecimal. */
function formatFlags(value: number | bigint, names: Readonly<Record<string, string>> | null): string {
  const bits = BigInt.asUintN(64, BigInt(value));
  const whole = names?.[String(value)];
  if (whole !== undefined) return escapeText(whole);
  if (bits === 0n) return '0';
  const parts: string[] = [];
  let rest = bits;
  for (const [text, name] of Object.entries(names ?? {})) {
    const flag = BigInt.asUintN(64, BigInt(text));
    // Only single bits: masks of several bits name groups.
    if (flag === 0n || (flag & (flag - 1n)) !== 0n || (rest & flag) === 0n) continue;
    parts.push(escapeText(name));
    rest &= ~flag;
  }
  if (rest !== 0n) parts.push(`0x${rest.toString(16)}`);
  return parts.join('|');
}

function formatByteValue(bytes: Uint8Array, field: FormattedAs): string {
  if (field.meaning === 'ipv6' && bytes.byteLength === 16) return formatIpv6(bytes);
  if (field.meaning === 'mac' && bytes.byteLength === 6) return formatMac(bytes);
  const shown = hexDigits(bytes.subarray(0, HEXDUMP_BYTES), ' ');
  return bytes.byteLength > HEXDUMP_BYTES ? `${shown} … (${bytes.byteLength} bytes)` : shown;
}
