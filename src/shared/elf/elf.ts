import { decodeCString } from '../bytes/utf8';
import { ElfFile, ElfNumbers, elfInMemory, elfKind, type SectionHeader } from './elf-file';
import { ObjectError } from './object-error';

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** sh_type (SHT_*). */
  readonly type: number;
  /** sh_flags (SHF_*), low 32 bits. */
  readonly flags: number;
  readonly link: number;
  readonly info: number;
  readonly size: number;
  /** A view of the file; empty for SHT_NOBITS. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_*. */
  readonly type: number;
  /** STB_*. */
  readonly binding: number;
  /** Index of its section; 0 for undefined ones, 0xff00 and above for SHN_ABS and others. */
  readonly section: number;
}

export interface ElfRelocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol | null;
  /** null in SHT_REL: the addend is in the relocated bytes. */
  readonly addend: number | null;
}

export interface Elf {
  /** e_machine (EM_*). */
  readonly machine: number;
  /** e_type: 1 relocatable, 2 executable, 3 shared object. */
  readonly fileType: number;
  readonly littleEndian: boolean;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  section(name: string): ElfSection | null;
  /** Relocations of a section's bytes, in file order. */
  relocations(sectionIndex: number): readonly ElfRelocation[];
}

/** Constants of elf.h. */
export const EM_BPF = 247;
export const SHT = { null: 0, progbits: 1, symtab: 2, rela: 4, nobits: 8, rel: 9 } as const;
export const SHF_EXECINSTR = 0x4;
export const STT = { object: 1, func: 2, section: 3 } as const;
export const STB = { local: 0, global: 1, weak: 2 } as const;

const SYMBOL_BYTES = 24;

function cut(what: string): ObjectError {
  return new ObjectError(
    'truncated',
    `The object file is truncated or damaged: ${what}. Compile the program again.`,
  );
}

/**
 * Reads the sections, symbols and relocations of a 64-bit ELF file of either byte order. Section bytes are views of
 * `bytes`. Throws ObjectError 'not-elf' for other files, 'unsupported' for 32-bit ones and 'truncated' when a header
 * points outside the file or sections overlap.
 */
export function parseElf(bytes: Uint8Array): Elf {
  const kind = elfKind(bytes);
  if (!kind)
    throw new ObjectError(
      'not-elf',
      'This is not an object file (no ELF header). Choose the .o file that clang created.',
    );
  if (kind.bits !== 64)
    throw new ObjectError(
      'unsupported',
      'This is a 32-bit ELF file; BPF objects are 64-bit. Compile with --target=bpf.',
    );
  const file = openElf(bytes);
  const { littleEndian } = file;
  const sections = readSections(bytes, file.sections, file.namesIndex);
  const symbols = readSymbols(sections, littleEndian);
  const byName = new Map<string, ElfSection>();
  for (const section of sections) if (!byName.has(section.name)) byName.set(section.name, section);

  return {
    machine: file.machine,
    fileType: file.fileType,
    littleEndian,
    sections,
    symbols,
    section: name => byName.get(name) ?? null,
    relocations: index => readRelocations(sections, symbols, index, littleEndian),
  };
}

function openElf(bytes: Uint8Array): ElfFile {
  let file: ElfFile | null;
  try {
    file = ElfFile.open(elfInMemory(bytes), 'either');
  } catch (error) {
    throw error instanceof RangeError ? cut('its headers') : error;
  }
  if (!file) throw cut('the ELF header');
  return file;
}

/** A string table with a limit on the total length read: names overlap only by a common suffix. */
export class StringTable {
  private readonly known = new Map<number, string>();
  private budget: number;

  constructor(private readonly bytes: Uint8Array) {
    this.budget = 65536 + 4 * bytes.byteLength;
  }

  at(offset: number): string {
    const known = this.known.get(offset);
    if (known !== undefined) return known;
    if (offset >= this.bytes.byteLength) {
      if (offset === 0) return '';
      throw cut('a name is outside its string table');
    }
    const name = decodeCString(this.bytes, offset, Math.min(this.bytes.byteLength, offset + 4096));
    this.budget -= name.length;
    if (this.budget < 0) throw cut('the names of a string table overlap');
    this.known.set(offset, name);
    return name;
  }
}

function readSections(
  bytes: Uint8Array,
  headers: readonly SectionHeader[],
  namesIndex: number,
): ElfSection[] {
  const contents = headers.map(({ type, offset, size }, index) => {
    if (type === SHT.nobits || type === SHT.null) return bytes.subarray(0, 0);
    if (offset + size > bytes.byteLength) throw cut(`section ${index} exceeds the end of the file`);
    return bytes.subarray(offset, offset + size);
  });
  // Keeps all later work linear in the file's size.
  const total = contents.reduce((sum, section) => sum + section.byteLength, 0);
  if (total > bytes.byteLength) throw cut('its sections overlap');
  const nothing = bytes.subarray(0, 0);
  const names = new StringTable(namesIndex > 0 ? (contents[namesIndex] ?? nothing) : nothing);
  return headers.map(({ nameOffset, type, flags, link, info, size }, index) => ({
    index,
    name: names.at(nameOffset),
    type,
    flags,
    link,
    info,
    size: index === 0 ? 0 : size,
    bytes: contents[index] ?? nothing,
  }));
}

function readSymbols(sections: readonly ElfSection[], littleEndian: boolean): ElfSymbol[] {
  const table = sections.find(section => section.type === SHT.symtab);
  if (!table) return [];
  const strings = sections[table.link];
  if (!strings) throw cut('the symbols have no names');
  const names = new StringTable(strings.bytes);
  const { bytes } = table;
  const reader = new ElfNumbers(bytes, littleEndian);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= bytes.byteLength; at += SYMBOL_BYTES) {
    const info = bytes[at + 4] ?? 0;
    symbols.push({
      name: names.at(reader.u32(at)),
      value: reader.u64(at + 8),
      size: reader.u64(at + 16),
      type: info & 0xf,
      binding: info >> 4,
      section: reader.u16(at + 6),
    });
  }
  return symbols;
}

function readRelocations(
  sections: readonly ElfSection[],
  symbols: readonly ElfSymbol[],
  target: number,
  littleEndian: boolean,
): ElfRelocation[] {
  const relocations: ElfRelocation[] = [];
  for (const section of sections) {
    if (section.info !== target || (section.type !== SHT.rel && section.type !== SHT.rela)) continue;
    const { bytes } = section;
    const reader = new ElfNumbers(bytes, littleEndian);
    const entryBytes = section.type === SHT.rela ? 24 : 16;
    for (let at = 0; at + entryBytes <= bytes.byteLength; at += entryBytes) {
      // r_info is symbol << 32 | type; the order of its halves depends on the byte order.
      const type = reader.u32(at + (littleEndian ? 8 : 12));
      const symbol = reader.u32(at + (littleEndian ? 12 : 8));
      const addend =
        section.type === SHT.rela ? Number(reader.view.getBigInt64(at + 16, littleEndian)) : null;
      relocations.push({ offset: reader.u64(at), type, symbol: symbols[symbol] ?? null, addend });
    }
  }
  return relocations;
}
