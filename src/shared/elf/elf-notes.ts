/** One note of an ELF file (elf(5), "Notes"). */
export interface ElfNote {
  /** Without the NUL that ends it. */
  readonly owner: string;
  readonly type: number;
  /** Its description: the first byte, counted from the start of the notes, and how many. */
  readonly start: number;
  readonly size: number;
}

/** Three words: bytes of the owner's name, bytes of the description, type; both parts are padded to 4. */
const HEADER_BYTES = 12;

/** The notes of a section, little endian. Ends at the first that reaches beyond it: a damaged table has no more. */
export function* elfNotes(bytes: Uint8Array): Generator<ElfNote> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER_BYTES <= bytes.byteLength; ) {
    const ownerBytes = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const ownerStart = at + HEADER_BYTES;
    const start = ownerStart + padded(ownerBytes);
    if (start + size > bytes.byteLength) return;
    const owner = String.fromCharCode(
      ...bytes.subarray(ownerStart, ownerStart + Math.min(MAX_OWNER_BYTES, Math.max(0, ownerBytes - 1))),
    );
    yield { owner, type, start, size };
    at = start + padded(size);
  }
}

/** Longer than any known owner ("stapsdt", "GNU", "Linux", "Xen"): a name's rest is not looked at. */
const MAX_OWNER_BYTES = 64;

/** Not by bit operations: a damaged length of nearly 2^32 would become negative. */
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;
