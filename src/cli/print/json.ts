import { printableJson } from '../../shared/text/escape';
import { print } from '../terminal';

/** Prints one JSON object per line on stdout; numbers beyond 2^53 as strings, bytes as hexadecimal. */
export function printJson(value: unknown): void {
  print(jsonLine(value));
}

/** The line that printJson() prints. */
export function jsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value, replaceValue));
}

function replaceValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : value.toString();
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}
