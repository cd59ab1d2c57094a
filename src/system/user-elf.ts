/**
 * What uprobes need from a user program or library (ELF64, little endian; gabi): symbols, the file offset of an
 * address, and the GOT slots through which it calls a function. Throws only UserElfError. A hostile file costs no more
 * than a large program: the work per answer is limited.
 */
import {
  ElfFile,
  type ElfSource,
  elfInMemory,
  PT,
  type SectionHeader,
  type Segment,
} from '../shared/elf/elf-file';
import { elfNotes } from '../shared/elf/elf-notes';

export class UserElfError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserElfError';
  }
}

export interface UserSymbol {
  readonly name: string;
  /** Virtual address as linked. */
  readonly address: number;
  /** STT_FUNC or STT_GNU_IFUNC (elf.h: 2, 10). */
  readonly kind: 'function' | 'ifunc';
}

const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_DYNAMIC = 6;
const SHT_NOTE = 7;
const SHT_DYNSYM = 11;
const NT_GNU_BUILD_ID = 3;
const NT_STAPSDT = 3;
const DT_NEEDED = 1n;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** GLOB_DAT and JUMP_SLOT of x86-64 (6, 7) and AArch64 (1025, 1026). */
const GOT_RELOCATIONS = new Set([6, 7, 1025, 1026]);

/** Per answer: a unit for each symbol and relocation, and for each 16 bytes of a name. A browser takes 4 million. */
const WORK_LIMIT = 16 << 20;
const NAME_BYTES = 64 << 10;
/** Notes take longer to read, and no file has a million. */
const NOTE_WORK = 16;

const underscores = (name: string): number => /^_*/.exec(name)?.[0].length ?? 0;

export class UserElf {
  private readonly file: ElfFile;
  private readonly segments: readonly Segment[];
  private publicNames: ReadonlyMap<string, string> | null = null;
  private work = 0;

  /** Throws UserElfError for what is not a 64-bit little-endian ELF file. */
  constructor(source: Uint8Array | ElfSource) {
    const file = this.guard(() => ElfFile.open(source instanceof Uint8Array ? elfInMemory(source) : source));
    if (!file) throw new UserElfError('it is not a 64-bit little-endian ELF file');
    this.file = file;
    this.segments = file.segments.filter(segment => segment.type === PT.load);
  }

  /** Functions of this name, .dynsym first: those that other programs can call. */
  functions(name: string): UserSymbol[] {
    return this.functionsWhere(candidate => candidate === name);
  }

  functionsWhere(wanted: (name: string) => boolean): UserSymbol[] {
    return this.guard(() =>
      [SHT_DYNSYM, SHT_SYMTAB].flatMap(type =>
        this.sectionsOf(type).flatMap(section => this.symbolsOf(section, wanted)),
      ),
    );
  }

  /**
   * The public name of a function: of all its names (malloc, __libc_malloc) the one with the fewest leading
   * underscores. Names missing in the file, such as demangled ones, are returned unchanged; so are all names of a
   * damaged file.
   */
  publicName(name: string): string {
    this.publicNames ??= this.readPublicNames();
    return this.publicNames.get(name) ?? name;
  }

  private functionsOrNone(): UserSymbol[] {
    try {
      return this.functionsWhere(() => true);
    } catch {
      return [];
    }
  }

  private readPublicNames(): ReadonlyMap<string, string> {
    const byAddress = new Map<number, string[]>();
    for (const { name, address } of this.functionsOrNone()) {
      const names = byAddress.get(address);
      if (names) names.push(name);
      else byAddress.set(address, [name]);
    }
    const publicNames = new Map<string, string>();
    for (const names of byAddress.values()) {
      const [best] = names.toSorted((a, b) => underscores(a) - underscores(b) || a.length - b.length);
      for (const name of names) if (best !== undefined && best !== name) publicNames.set(name, best);
    }
    return publicNames;
  }

  /** Virtual address of the file's first byte, as linked: 0 for position-independent files. */
  get firstAddress(): number {
    const first = this.segments.find(segment => segment.offset === 0);
    return first ? first.address : 0;
  }

  /** Offset in the file of a virtual address; null if no segment's bytes contain it. */
  fileOffset(address: number): number | null {
    return this.file.fileOffset(address);
  }

  /** Virtual address of a file offset, as linked; null if no segment contains it. */
  addressAt(offset: number): number | null {
    const segment = this.segments.find(
      candidate => offset >= candidate.offset && offset < candidate.offset + candidate.fileSize,
    );
    return segment ? offset - segment.offset + segment.address : null;
  }

  /** The GNU build id, hexadecimal (note type 3 of owner "GNU"); null if the file has none. Throws UserElfError. */
  buildId(): string | null {
    return this.guard(() => {
      for (const { owner, type, description } of this.notes()) {
        if (owner === 'GNU' && type === NT_GNU_BUILD_ID) return description.toString('hex');
      }
      return null;
    });
  }

  /** "provider:probe" of the USDT probes (notes of type 3, owner "stapsdt": systemtap's UserSpaceProbeImplementation). */
  usdtProbes(): Set<string> {
    return this.guard(() => {
      const probes = new Set<string>();
      for (const { owner, type, description } of this.notes()) {
        if (owner !== 'stapsdt' || type !== NT_STAPSDT) continue;
        // Three addresses (probe, base, semaphore), then three strings: provider, probe, arguments.
        const [provider = '', probe = ''] = description.toString('latin1', 24).split('\0');
        probes.add(`${provider}:${probe}`);
      }
      return probes;
    });
  }

  /** Virtual addresses of the GOT slots that hold the address of the imported function. */
  gotSlots(name: string): number[] {
    return this.guard(() => {
      const slots: number[] = [];
      for (const section of this.sectionsOf(SHT_RELA)) {
        const symbols = this.file.sections[section.link];
        if (symbols?.type !== SHT_DYNSYM) continue;
        const table = this.bytes(section);
        const nameOf = this.namesOf(symbols);
        for (let at = 0; at + 24 <= table.length; at += 24) {
          this.spend(1);
          if (!GOT_RELOCATIONS.has(table.readUInt32LE(at + 8))) continue;
          if (nameOf(table.readUInt32LE(at + 12)) === name) slots.push(Number(table.readBigUInt64LE(at)));
        }
      }
      return slots;
    });
  }

  /** Libraries that the dynamic linker loads with it (DT_NEEDED), in order. Throws UserElfError. */
  needed(): string[] {
    return this.guard(() =>
      this.sectionsOf(SHT_DYNAMIC).flatMap(section => {
        const table = this.bytes(section);
        const strings = this.file.sections[section.link];
        if (!strings) return [];
        const names = this.bytes(strings);
        const found: string[] = [];
        for (let at = 0; at + 16 <= table.length; at += 16) {
          this.spend(1);
          if (table.readBigUInt64LE(at) !== DT_NEEDED) continue;
          const start = Number(table.readBigUInt64LE(at + 8));
          const name = names.subarray(start, start + NAME_BYTES);
          found.push(name.toString('latin1', 0, Math.max(0, name.indexOf(0))));
        }
        return found;
      }),
    );
  }

  private *notes(): Generator<{ owner: string; type: number; description: Buffer }> {
    for (const section of this.sectionsOf(SHT_NOTE)) {
      const bytes = this.bytes(section);
      for (const { owner, type, start, size } of elfNotes(bytes)) {
        this.spend(NOTE_WORK + size / 16);
        yield { owner, type, description: bytes.subarray(start, start + size) };
      }
    }
  }

  private symbolsOf(section: SectionHeader, wanted: (name: string) => boolean): UserSymbol[] {
    const found: UserSymbol[] = [];
    const table = this.bytes(section);
    const nameOf = this.namesOf(section);
    for (let at = 0; at + 24 <= table.length; at += 24) {
      this.spend(1);
      const type = table.readUInt8(at + 4) & 0xf;
      if ((type !== STT_FUNC && type !== STT_GNU_IFUNC) || table.readUInt16LE(at + 6) === 0) continue;
      const name = nameOf(at / 24);
      if (wanted(name))
        found.push({
          name,
          address: Number(table.readBigUInt64LE(at + 8)),
          kind: type === STT_FUNC ? 'function' : 'ifunc',
        });
    }
    return found;
  }

  /** The names of a table's symbols, by their index. */
  private namesOf(table: SectionHeader): (index: number) => string {
    const section = this.file.sections[table.link];
    if (!section) return () => '';
    const symbols = this.bytes(table);
    const strings = this.bytes(section);
    return index => {
      const start = symbols.readUInt32LE(index * 24);
      const longest = strings.subarray(start, start + NAME_BYTES);
      const end = longest.indexOf(0);
      this.spend((end < 0 ? NAME_BYTES : end) / 16);
      return longest.toString('latin1', 0, Math.max(0, end));
    };
  }

  private sectionsOf(type: number): SectionHeader[] {
    return this.file.sections.filter(section => section.type === type);
  }

  private bytes(section: SectionHeader): Buffer {
    const { buffer, byteOffset, byteLength } = this.file.bytes(section);
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  private spend(units: number): void {
    this.work += units;
    if (this.work > WORK_LIMIT)
      throw new UserElfError('its tables are larger than those of any program, or damaged');
  }

  /** A damaged file makes its readers throw a RangeError; converts it to a UserElfError. */
  private guard<T>(read: () => T): T {
    this.work = 0;
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) throw new UserElfError('it is truncated or damaged');
      throw error;
    }
  }
}
