import { exactNumber } from '../../shared/decode/json-value';
import { printableJson } from '../../shared/text/escape';
import { print } from './terminal';

/** Prints one JSON object per line on stdout; integers beyond 2^53 as strings. */
export function printJson(value: unknown): void {
  print(jsonLine(value));
}

/** The line that printJson() prints. */
export function jsonLine(value: unknown): string {
  return printableJson(
    JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? exactNumber(part) : part)),
  );
}
