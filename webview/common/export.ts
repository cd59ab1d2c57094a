/** The JSON format of all exports. */

import { printableJson } from '../../src/shared/text/escape';

/** Integers over 2^53 become strings; bytes become arrays. */
function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)
      ? String(value)
      : Number(value);
  return value instanceof Uint8Array ? [...value] : value;
}

/** A readable JSON document, with a newline at its end. */
export function jsonText(value: unknown): string {
  return `${printableJson(JSON.stringify(value, jsonValue, 2))}\n`;
}

/** A JSON value as one line, including the newline. */
export function jsonLine(value: unknown): string {
  return `${printableJson(JSON.stringify(value, jsonValue))}\n`;
}
