/**
 * What uprobes need from a user program or library (ELF64, little endian; gabi): symbols, the file offset of an
 * address, and the GOT slots through which it calls a function. Reads the whole file; throws only UserElfError. A
 * hostile file costs no more than a large program: the work per answer is limited.
 */
import { elfNotes } from '../../shared/elf/elf-notes';

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

interface Section {
  readonly type: number;
  readonly link: number;
  readonly offset: number;
  readonly size: number;
  readonly entrySize: number;
}

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_NOTE = 7;
const SHT_DYNSYM = 11;
const NT_GNU_BUILD_ID = 3;
const NT_STAPSDT = 3;
const PT_LOAD = 1;
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
  private readonly view: DataView;
  private readonly sections: readonly Section[];
  private readonly segments: readonly Segment[];
  private publicNames: ReadonlyMap<string, string> | null = null;
  private work = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const magic = bytes.byteLength >= 64 && this.view.getUint32(0, false) === 0x7f454c46;
    if (!magic || bytes[4] !== 2 || bytes[5] !== 1)
      throw new UserElfError('it is not a 64-bit little-endian ELF file');
    this.segments = this.guard(() => this.readSegments());
    this.sections = this.guard(() => this.readSections());
  }

  /** Functions of this name, .dynsym first: those that other programs can call. */
  functions(name: string): UserSymbol[] {
    return this.functionsWhere(candidate => candidate === name);
  }

  functionsWhere(wanted: (name: string) => boolean): UserSymbol[] {
    return this.guard(() =>
      [SHT_DYNSYM, SHT_SYMTAB].flatMap(type =>
        this.sections
          .filter(section => section.type === type)
          .flatMap(section => this.symbolsOf(section, wanted)),
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
    const segment = this.segments.find(
      candidate => address >= candidate.address && address < candidate.address + candidate.fileSize,
    );
    return segment ? address - segment.address + segment.offset : null;
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
      for (const { owner, type, at, size } of this.notes()) {
        if (owner === 'GNU' && type === NT_GNU_BUILD_ID)
          return Buffer.from(this.bytes.subarray(at, at + size)).toString('hex');
      }
      return null;
    });
  }

  /** "provider:probe" of the USDT probes (notes of type 3, owner "stapsdt": systemtap's UserSpaceProbeImplementation). */
  usdtProbes(): Set<string> {
    return this.guard(() => {
      const probes = new Set<string>();
      for (const { owner, type, at, size } of this.notes()) {
        if (owner !== 'stapsdt' || type !== NT_STAPSDT) continue;
        // Three addresses (probe, base, semaphore), then three strings: provider, probe, arguments.
        const texts = Buffer.from(this.bytes.subarray(at + 24, at + size)).toString('latin1');
        const [provider = '', probe = ''] = texts.split('\0');
        probes.add(`${provider}:${probe}`);
      }
      return probes;
    });
  }

  /** Virtual addresses of the GOT slots that hold the address of the imported function. */
  gotSlots(name: string): number[] {
    return this.guard(() => {
      const slots: number[] = [];
      for (const section of this.sections.filter(candidate => candidate.type === SHT_RELA)) {
        const symbols = this.sections[section.link];
        if (symbols?.type !== SHT_DYNSYM) continue;
        for (let at = section.offset; at + 24 <= section.offset + section.size; at += 24) {
          this.spend(1);
          const type = this.view.getUint32(at + 8, true);
          const symbol = this.view.getUint32(at + 12, true);
          if (GOT_RELOCATIONS.has(type) && this.symbolName(symbols, symbol) === name)
            slots.push(this.u64(at));
        }
      }
      return slots;
    });
  }

  /** Every note; `at` and `size` are those of its description in the file. */
  private *notes(): Generator<{ owner: string; type: number; at: number; size: number }> {
    for (const section of this.sections.filter(candidate => candidate.type === SHT_NOTE)) {
      const bytes = this.bytes.subarray(section.offset, section.offset + section.size);
      for (const { owner, type, start, size } of elfNotes(bytes)) {
        this.spend(NOTE_WORK + size / 16);
        yield { owner, type, at: section.offset + start, size };
      }
    }
  }

  private readSegments(): Segment[] {
    const offset = this.u64(32);
    const size = this.view.getUint16(54, true);
    const count = this.view.getUint16(56, true);
    return Array.from({ length: count }, (_, index) => offset + index * size)
      .filter(at => this.view.getUint32(at, true) === PT_LOAD)
      .map(at => ({ offset: this.u64(at + 8), address: this.u64(at + 16), fileSize: this.u64(at + 32) }));
  }

  private readSections(): Section[] {
    const offset = this.u64(40);
    const size = this.view.getUint16(58, true);
    const count = this.view.getUint16(60, true);
    return Array.from({ length: count }, (_, index) => {
      const at = offset + index * size;
      return {
        type: this.view.getUint32(at + 4, true),
        offset: this.u64(at + 24),
        size: this.u64(at + 32),
        link: this.view.getUint32(at + 40, true),
        entrySize: this.u64(at + 56),
      };
    });
  }

  private symbolsOf(section: Section, wanted: (name: string) => boolean): UserSymbol[] {
    const found: UserSymbol[] = [];
    for (let index = 0; (index + 1) * 24 <= section.size; index++) {
      this.spend(1);
      const at = section.offset + index * 24;
      const type = this.view.getUint8(at + 4) & 0xf;
      if ((type !== STT_FUNC && type !== STT_GNU_IFUNC) || this.view.getUint16(at + 6, true) === 0) continue;
      const name = this.symbolName(section, index);
      if (wanted(name))
        found.push({ name, address: this.u64(at + 8), kind: type === STT_FUNC ? 'function' : 'ifunc' });
    }
    return found;
  }

  private symbolName(table: Section, index: number): string {
    const strings = this.sections[table.link];
    if (!strings) return '';
    const start = strings.offset + this.view.getUint32(table.offset + index * 24, true);
    const longest = this.bytes.subarray(start, start + NAME_BYTES);
    const end = longest.indexOf(0);
    this.spend((end < 0 ? NAME_BYTES : end) / 16);
    return Buffer.from(longest.subarray(0, Math.max(0, end))).toString('latin1');
  }

  private u64(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  private spend(units: number): void {
    this.work += units;
    if (this.work > WORK_LIMIT)
      throw new UserElfError('its tables are larger than those of any program, or damaged');
  }

  /** A damaged file makes DataView throw a RangeError; converts it to a UserElfError. */
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
