/**
 * The headers of a 64-bit ELF file (elf(5)) and the bytes they point to, whole or read in parts: of programs, libraries
 * and kernels. elf.ts reads all of an object's sections, symbols and relocations with it.
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

/** Numbers of either byte order, at an offset. */
export class ElfNumbers {
  readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    readonly littleEndian: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u16(at: number): number {
    return this.view.getUint16(at, this.littleEndian);
  }
  u32(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }
  /** As a number: what does not fit 2^53 becomes too large for any check. */
  u64(at: number): number {
    return Number(this.view.getBigUint64(at, this.littleEndian));
  }
}

export interface SectionHeader {
  /** Offset in the section of names. */
  readonly nameOffset: number;
  /** SHT_*. */
  readonly type: number;
  /** SHF_*, low 32 bits. */
  readonly flags: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
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
const ELFDATA = { little: 1, big: 2 } as const;
/** e_shstrndx of a file whose index stands in the first section header. */
const SHN_XINDEX = 0xffff;
const NAME_BYTES = 4096;

/** Which kind of file the first 64 bytes of an ELF header are; null where they are not one. */
export function elfKind(
  header: Uint8Array,
): { readonly bits: 32 | 64; readonly order: 'little' | 'big' } | null {
  if (header.byteLength < 6 || new ElfNumbers(header, false).u32(0) !== ELF_MAGIC) return null;
  const order = header[5] === ELFDATA.little ? 'little' : header[5] === ELFDATA.big ? 'big' : null;
  return order && { bits: header[4] === ELFCLASS64 ? 64 : 32, order };
}

export class ElfFile {
  readonly littleEndian: boolean;
  /** e_machine (EM_*). */
  readonly machine: number;
  /** e_type: 1 relocatable, 2 executable, 3 shared object. */
  readonly fileType: number;
  readonly sections: readonly SectionHeader[];
  readonly segments: readonly Segment[];
  /** Index of the section of names. */
  readonly namesIndex: number;

  private constructor(
    readonly source: ElfSource,
    header: ElfNumbers,
  ) {
    this.littleEndian = header.littleEndian;
    this.fileType = header.u16(16);
    this.machine = header.u16(18);
    this.segments = table(
      source,
      header,
      header.u64(32),
      54,
      header.u16(56),
      PROGRAM_HEADER_BYTES,
      (at, of) => ({
        type: of.u32(at),
        offset: of.u64(at + 8),
        address: of.u64(at + 16),
        fileSize: of.u64(at + 32),
      }),
    );
    const sectionsAt = header.u64(40);
    // Counts that do not fit into 16 bits are in the first section header (gABI, "Section header").
    const first =
      sectionsAt === 0
        ? null
        : new ElfNumbers(source.read(sectionsAt, SECTION_HEADER_BYTES), this.littleEndian);
    const count = header.u16(60) || (first?.u64(32) ?? 0);
    this.sections = table(source, header, sectionsAt, 58, count, SECTION_HEADER_BYTES, (at, of) => ({
      nameOffset: of.u32(at),
      type: of.u32(at + 4),
      flags: Number(BigInt.asUintN(32, of.view.getBigUint64(at + 8, of.littleEndian))),
      address: of.view.getBigUint64(at + 16, of.littleEndian),
      offset: of.u64(at + 24),
      size: of.u64(at + 32),
      link: of.u32(at + 40),
      info: of.u32(at + 44),
    }));
    const namesIndex = header.u16(62);
    this.namesIndex = namesIndex === SHN_XINDEX ? (first?.u32(40) ?? 0) : namesIndex;
  }

  /**
   * null for a file of another kind: of 32 bits, or of another byte order than `order`. Throws RangeError where a header
   * points outside of the file.
   */
  static open(source: ElfSource, order: 'little' | 'either' = 'little'): ElfFile | null {
    if (source.size < HEADER_BYTES) return null;
    const header = source.read(0, HEADER_BYTES);
    const kind = elfKind(header);
    if (kind?.bits !== 64 || (order === 'little' && kind.order !== 'little')) return null;
    return new ElfFile(source, new ElfNumbers(header, kind.order === 'little'));
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

/** A table at `offset`; the header has its entry size at `sizeAt`. */
function table<T>(
  source: ElfSource,
  header: ElfNumbers,
  offset: number,
  sizeAt: number,
  count: number,
  entryBytes: number,
  read: (at: number, of: ElfNumbers) => T,
): T[] {
  if (count === 0) return [];
  if (header.u16(sizeAt) !== entryBytes) throw new RangeError('headers of an unknown size');
  const numbers = new ElfNumbers(source.read(offset, count * entryBytes), header.littleEndian);
  return Array.from({ length: count }, (_, index) => read(index * entryBytes, numbers));
}
