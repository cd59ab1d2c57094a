/**
 * A hex dump: offset, bytes, and their printable ASCII characters (a dot for the others), `perLine` bytes per line. The
 * columns of the last line are aligned too. No lines for no bytes.
 */
export function hexDump(bytes: Uint8Array, perLine: number): string[] {
  const offsetDigits = Math.max(4, Math.max(0, bytes.byteLength - 1).toString(16).length);
  const lines: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += perLine) {
    const part = [...bytes.subarray(at, at + perLine)];
    const hex = part.map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = part.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(offsetDigits, '0')}  ${hex.padEnd(3 * perLine - 1)}  ${ascii}`);
  }
  return lines;
}
