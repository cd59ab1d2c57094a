const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two hexadecimal digits for each byte in [start, end), with `separator` between bytes. */
export function hexDigits(bytes: Uint8Array, separator = '', start = 0, end = bytes.byteLength): string {
  let digits = '';
  for (let at = start; at < end; at++) digits += (at > start ? separator : '') + PAIRS[bytes[at] ?? 0];
  return digits;
}
