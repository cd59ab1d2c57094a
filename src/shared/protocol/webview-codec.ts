/**
 * VS Code sends messages between an extension and a page as JSON (with buffers separate), and JSON has no bigint: the
 * host encodes every message with `packMessage`, the page decodes it with `unpackMessage`. A bigint becomes an object
 * with one property; buffers and everything else are unchanged.
 */

const BIGINT = '$bigint';

/** A copy whose bigints are `{ "$bigint": "decimal" }`. Parts without bigints are not copied. */
export function packMessage(value: unknown): unknown {
  if (typeof value === 'bigint') return { [BIGINT]: value.toString() };
  return mapChildren(value, packMessage);
}

/** The inverse of packMessage. */
export function unpackMessage(value: unknown): unknown {
  if (isPackedBigint(value)) return BigInt(value[BIGINT]);
  return mapChildren(value, unpackMessage);
}

function isPackedBigint(value: unknown): value is { [BIGINT]: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    BIGINT in value &&
    typeof value[BIGINT] === 'string' &&
    /^-?\d+$/.test(value[BIGINT])
  );
}

function mapChildren(value: unknown, change: (child: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    const changed = value.map(change);
    return changed.some((child, index) => child !== value[index]) ? changed : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value;
  let copy: Record<string, unknown> | null = null;
  for (const [key, child] of Object.entries(value)) {
    const changed = change(child);
    if (changed === child) continue;
    copy ??= { ...value };
    copy[key] = changed;
  }
  return copy ?? value;
}
