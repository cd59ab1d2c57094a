/** Text formats shared by every export. */

/** Field of a CSV line: quoted when it must be, and never a formula for a spreadsheet (leading = + - @ get a quote). */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Integers over 2^53 become strings; bytes become arrays. */
export function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)
      ? String(value)
      : Number(value);
  return value instanceof Uint8Array ? [...value] : value;
}

/** A JSON document people can read, with a newline at its end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, jsonValue, 2)}\n`;
}
