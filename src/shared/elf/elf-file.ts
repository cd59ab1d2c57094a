/**
 * The headers of a 64-bit little-endian ELF file (elf(5)) and the bytes they point to: programs, libraries and kernels,
 * whole or read in parts. Objects that clang wrote, of either byte order, are parseElf's.
 */
import { decodeCString } from '../bytes/utf8';

/** Where the bytes come from. `read` throws RangeError for what the file does not have. */
export interface ElfSource {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

export function elfInMemory(bytes: Uint8Array): ElfSource {
  return {
    size: bytes.byteLength,
    read(offset, length) {
      if (offset + length > bytes.byteLength) throw new RangeError('beyond the end of the file');
      return bytes.subarray(offset, offset + length);
    },
  };
}

export interface SectionHeader {
  /** Offset in the section of names. */
  readonly nameOffset: number;
  /** SHT_*. */
  readonly type: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

export interface Segment {
  /** PT_*. */
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

export const PT = { load: 1, dynamic: 2, interpreter: 3 } as const;
const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const ELF_MAGIC = 0x7f454c46;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const NAME_BYTES = 4096;

export class ElfFile {
  readonly sections: readonly SectionHeader[];
  readonly segments: readonly Segment[];
  private readonly namesIndex: number;

  private constructor(
    readonly source: ElfSource,
    header: DataView,
  ) {
    this.segments = table(source, header, 32, 54, PROGRAM_HEADER_BYTES, (view, at) => ({
      type: view.getUint32(at, true),
      offset: u64(view, at + 8),
      address: u64(view, at + 16),
      fileSize: u64(view, at + 32),
    }));
    this.sections = table(source, header, 40, 58, SECTION_HEADER_BYTES, (view, at) => ({
      nameOffset: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      address: view.getBigUint64(at + 16, true),
      offset: u64(view, at + 24),
      size: u64(view, at + 32),
      link: view.getUint32(at + 40, true),
    }));
    this.namesIndex = header.getUint16(62, true);
  }

  /** null for a file of another kind. Throws RangeError where a header points outside of the file. */
  static open(source: ElfSource): ElfFile | null {
    if (source.size < HEADER_BYTES) return null;
    const header = viewOf(source.read(0, HEADER_BYTES));
    const isOurs =
      header.getUint32(0, false) === ELF_MAGIC &&
      header.getUint8(4) === ELFCLASS64 &&
      header.getUint8(5) === ELFDATA2LSB;
    return isOurs ? new ElfFile(source, header) : null;
  }

  /** The section of that name; null where there is none. */
  section(name: string): SectionHeader | null {
    const names = this.sections[this.namesIndex];
    if (!names) return null;
    const bytes = this.bytes(names);
    return (
      this.sections.find(({ nameOffset: at }) => {
        const end = Math.min(bytes.byteLength, at + Math.min(NAME_BYTES, name.length + 1));
        return decodeCString(bytes, at, end) === name;
      }) ?? null
    );
  }

  bytes(section: SectionHeader): Uint8Array {
    return this.source.read(section.offset, section.size);
  }

  /** Offset in the file of a virtual address; null when no segment's bytes hold it. */
  fileOffset(address: number): number | null {
    const segment = this.segments.find(
      ({ type, address: start, fileSize }) =>
        type === PT.load && address >= start && address < start + fileSize,
    );
    return segment ? address - segment.address + segment.offset : null;
  }
}

/** A table whose offset, entry size and count the header has; an empty one has an entry size of 0. */
function table<T>(
  source: ElfSource,
  header: DataView,
  offsetAt: number,
  sizeAt: number,
  entryBytes: number,
  read: (view: DataView, at: number) => T,
): T[] {
  const count = header.getUint16(sizeAt + 2, true);
  if (count === 0) return [];
  if (header.getUint16(sizeAt, true) !== entryBytes) throw new RangeError('headers of an unknown size');
  const view = viewOf(source.read(u64(header, offsetAt), count * entryBytes));
  return Array.from({ length: count }, (_, index) => read(view, index * entryBytes));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** As a number: what does not fit 2^53 becomes too large for any check. */
function u64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
