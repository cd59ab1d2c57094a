/** One note of an ELF file (elf(5), "Notes"). */
export interface ElfNote {
  /** Without the terminating NUL. */
  readonly owner: string;
  readonly type: number;
  /** Its description: offset from the start of the notes, and length. */
  readonly start: number;
  readonly size: number;
}

/** Three words: length of the owner's name, length of the description, type; both parts are padded to 4. */
const HEADER_BYTES = 12;

/** The notes of a section, little endian. Ends at the first note that exceeds it. */
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

/** Longer than any known owner ("stapsdt", "GNU", "Linux", "Xen"); names are truncated to this. */
const MAX_OWNER_BYTES = 64;

/** Without bit operations: a damaged length of nearly 2^32 would become negative. */
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;
