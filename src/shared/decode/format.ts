import type { Field } from '../object/model';
import { escapeText } from '../text/escape';
import { formatIpv4, formatIpv6, formatMac, swapPort } from './format-address';
import { formatBytes, formatDuration, formatTimestamp } from './format-quantity';
import { errnoName, signalName } from './kernel-names';
import type { FieldValue } from './model';

export { formatBytes, formatDuration, formatTimestamp } from './format-quantity';

export type FormattedAs = Pick<Field, 'meaning' | 'unit' | 'valueNames' | 'storage'>;

/** Bytes shown of a value that has no other format. */
const HEXDUMP_BYTES = 64;

/**
 * Formats a value in one line according to its meaning, with its unit. The result never contains control characters, ANSI
 * sequences or bidirectional controls of traced data.
 */
export function formatValue(value: FieldValue, field: FormattedAs): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Uint8Array) return formatByteValue(value, field);
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    return `[${value.map(element => formatNumber(element, field)).join(', ')}]`;
  }
  return formatNumber(value, field);
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
      return formatDuration(Number(value));
    case 'duration-us':
      return formatDuration(Number(value) * 1e3);
    case 'duration-ms':
      return formatDuration(Number(value) * 1e6);
    case 'timestamp-ns':
      return formatTimestamp(value);
    case 'bytes':
      return formatBytes(Number(value));
    case 'kib':
      return formatBytes(Number(value) * 1024);
    case 'percent':
      return `${value}%`;
    case 'ipv4':
      return formatIpv4(Number(value));
    case 'port-be':
      return String(swapPort(Number(value)));
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
      return value < 0 ? (errnoName(-Number(value)) ?? String(value)) : String(value);
    default:
      return field.unit === '' ? String(value) : `${value} ${escapeText(field.unit)}`;
  }
}

function hex(value: number | bigint, storage: Field['storage']): string {
  const bits = storage === 'i8' ? 8 : storage === 'i16' ? 16 : storage === 'i32' ? 32 : 64;
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
  const shown = [...bytes.subarray(0, HEXDUMP_BYTES)]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join(' ');
  return bytes.byteLength > HEXDUMP_BYTES ? `${shown} … (${bytes.byteLength} bytes)` : shown;
}
