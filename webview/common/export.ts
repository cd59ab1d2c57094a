/** JSON as every export writes it. */

import { printableJson } from '../../src/shared/text/escape';

/** Integers over 2^53 become strings; bytes become arrays. */
function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)
      ? String(value)
      : Number(value);
  return value instanceof Uint8Array ? [...value] : value;
}

/** A JSON document people can read, with a newline at its end. */
export function jsonText(value: unknown): string {
  return `${printableJson(JSON.stringify(value, jsonValue, 2))}\n`;
}

/** A JSON value as a line of its own, with its end. */
export function jsonLine(value: unknown): string {
  return `${printableJson(JSON.stringify(value, jsonValue))}\n`;
}
