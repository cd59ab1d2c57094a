/**
 * Validates BTF made by a client before libbpf parses it: libbpf loops for ever on cyclic references. In a table written
 * by BtfWriter a type refers only to earlier types.
 */
import {
  BTF_HEADER_BYTES,
  BTF_KIND,
  BTF_MAGIC,
  FIXED_BYTES,
  TYPE_BYTES,
  VLEN_BYTES,
} from '../shared/btf/btf-type';

/** Where a type refers to other types, by BTF_KIND_* (include/uapi/linux/btf.h); only the kinds that values consist of. */
interface References {
  /** Byte offsets in struct btf_type and the data after it. */
  readonly fixed: readonly number[];
  /** Byte offsets in each member or value. */
  readonly each: readonly number[];
}
const none: References = { fixed: [], each: [] };
const target: References = { fixed: [8], each: [] };
const members: References = { fixed: [], each: [4] };
const REFERENCES: Readonly<Record<number, References>> = {
  [BTF_KIND.int]: none,
  [BTF_KIND.ptr]: target,
  [BTF_KIND.array]: { fixed: [TYPE_BYTES, TYPE_BYTES + 4], each: [] },
  [BTF_KIND.struct]: members,
  [BTF_KIND.union]: members,
  [BTF_KIND.enum]: none,
  [BTF_KIND.fwd]: none,
  [BTF_KIND.typedef]: target,
  [BTF_KIND.volatile]: target,
  [BTF_KIND.const]: target,
  [BTF_KIND.restrict]: target,
  [BTF_KIND.float]: none,
  [BTF_KIND.type_tag]: target,
  [BTF_KIND.enum64]: none,
};

/** Whether every type is within the table and refers only to earlier types, and every name is in the string section. */
export function isSoundBtf(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < BTF_HEADER_BYTES || view.getUint16(0, true) !== BTF_MAGIC) return false;
  const [headerBytes, typesAt, typeBytes, stringsAt, stringBytes] = [4, 8, 12, 16, 20].map(at =>
    view.getUint32(at, true),
  ) as [number, number, number, number, number];
  // Only BtfWriter's layout needs to be accepted.
  const end = BTF_HEADER_BYTES + typeBytes;
  const isLaidOut =
    view.getUint8(2) === 1 && headerBytes === BTF_HEADER_BYTES && typesAt === 0 && stringsAt === typeBytes;
  if (!isLaidOut || stringBytes === 0 || end + stringBytes !== bytes.byteLength) return false;
  if (bytes[end] !== 0 || bytes[bytes.byteLength - 1] !== 0) return false;
  const isName = (at: number): boolean => view.getUint32(at, true) < stringBytes;

  let id = 1;
  for (let at = BTF_HEADER_BYTES; at < end; id++) {
    if (at + TYPE_BYTES > end || !isName(at)) return false;
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    const references = REFERENCES[kind];
    if (!references) return false;
    const parts = at + TYPE_BYTES + (FIXED_BYTES[kind] ?? 0);
    const partBytes = VLEN_BYTES[kind] ?? 0;
    const next = parts + partBytes * (info & 0xffff);
    if (next > end) return false;
    const isEarlier = (reference: number): boolean => view.getUint32(reference, true) < id;
    if (!references.fixed.every(offset => isEarlier(at + offset))) return false;
    for (let part = parts; part < next; part += partBytes)
      if (!isName(part) || !references.each.every(offset => isEarlier(part + offset))) return false;
    at = next;
  }
  return true;
}
