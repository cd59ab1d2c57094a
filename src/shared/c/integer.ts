/** A C integer literal, perhaps negative or in parentheses, with any U and L suffixes; null for anything else. */
export function parseCInteger(text: string): bigint | null {
  const match = /^\s*\(*\s*(-?)\s*(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9]\d*)[uUlL]*\s*\)*\s*$/.exec(
    text,
  );
  if (!match?.[2]) return null;
  const digits = match[2];
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  return match[1] === '-' ? -value : value;
}
