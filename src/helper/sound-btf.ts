/**
 * A look at type information (BTF) that a client made, before libbpf walks it: libbpf follows references without end
 * where they form a circle. A table that BtfWriter made names only types before the one that names them.
 */

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const TYPE_BYTES = 12;
/** By BTF_KIND_* (include/uapi/linux/btf.h): what follows struct btf_type, in all and per vlen, and where it names types. */
interface Shape {
  readonly fixed: number;
  readonly each: number;
  /** size_or_type is a type. */
  readonly refers: boolean;
  /** Bytes behind struct btf_type, and within each part, where a type is named. */
  readonly fixedTypes: readonly number[];
  readonly eachTypes: readonly number[];
}
const none: Shape = { fixed: 0, each: 0, refers: false, fixedTypes: [], eachTypes: [] };
const reference: Shape = { ...none, refers: true };
const members: Shape = { ...none, each: 12, eachTypes: [4] };
const SHAPES: Readonly<Record<number, Shape>> = {
  1: { ...none, fixed: 4 },
  2: reference,
  3: { ...none, fixed: 12, fixedTypes: [0, 4] },
  4: members,
  5: members,
  6: { ...none, each: 8 },
  7: none,
  8: reference,
  9: reference,
  10: reference,
  11: reference,
  16: none,
  18: reference,
  19: { ...none, each: 12 },
};

/** Whether every type lies within the table, refers only to types before it, and every name to the table's strings. */
export function isSoundBtf(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint16(0, true) !== MAGIC) return false;
  const [headerBytes, typesAt, typeBytes, stringsAt, stringBytes] = [4, 8, 12, 16, 20].map(at =>
    view.getUint32(at, true),
  ) as [number, number, number, number, number];
  // As BtfWriter lays it out: nothing else has to be understood.
  const end = HEADER_BYTES + typeBytes;
  const isLaidOut =
    view.getUint8(2) === 1 && headerBytes === HEADER_BYTES && typesAt === 0 && stringsAt === typeBytes;
  if (!isLaidOut || stringBytes === 0 || end + stringBytes !== bytes.byteLength) return false;
  if (bytes[end] !== 0 || bytes[bytes.byteLength - 1] !== 0) return false;
  const isName = (at: number): boolean => view.getUint32(at, true) < stringBytes;

  let id = 1;
  for (let at = HEADER_BYTES; at < end; id++) {
    if (at + TYPE_BYTES > end || !isName(at)) return false;
    const info = view.getUint32(at + 4, true);
    const shape = SHAPES[(info >>> 24) & 0x1f];
    if (!shape) return false;
    const rest = at + TYPE_BYTES;
    const parts = rest + shape.fixed;
    const next = parts + shape.each * (info & 0xffff);
    if (next > end) return false;
    const isEarlier = (reference: number): boolean => view.getUint32(reference, true) < id;
    if (shape.refers && !isEarlier(at + 8)) return false;
    if (!shape.fixedTypes.every(offset => isEarlier(rest + offset))) return false;
    if (shape.each > 0)
      for (let part = parts; part < next; part += shape.each)
        if (!isName(part) || !shape.eachTypes.every(offset => isEarlier(part + offset))) return false;
    at = next;
  }
  return true;
}
