/** The JSON format of all exports. Values are converted by jsonValue() before. */
import { exactNumber } from '../../src/shared/decode/json-value';
import { printableJson } from '../../src/shared/text/escape';

const exactly = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? exactNumber(value) : value;

/** A readable JSON document, with a newline at its end. */
export function jsonText(value: unknown): string {
  return `${printableJson(JSON.stringify(value, exactly, 2))}\n`;
}

/** A JSON value as one line, including the newline. */
export function jsonLine(value: unknown): string {
  return `${printableJson(JSON.stringify(value, exactly))}\n`;
}
