import { decodeCString } from '../bytes/utf8';
import { type Elf, StringTable } from '../elf/elf';
import { relocated } from '../elf/relocated';
import { AT, FORM, TAG } from './dwarf-constants';

/** One debugging information entry with the attributes used here; offsets are relative to .debug_info. */
export interface Die {
  readonly tag: number;
  readonly offset: number;
  readonly parent: Die | null;
  readonly children: Die[];
  name: string;
  /** DW_AT_const_value as text: the tag's text in an LLVM annotation. */
  text: string;
  type: number;
  origin: number;
  byteSize: number;
  bitSize: number;
  /** From the start of the struct. */
  bitOffset: number;
  encoding: number;
  /** Elements of a subrange; null when open. */
  count: number | null;
  value: number;
  declaration: boolean;
}

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** attribute, form, implicit constant; repeated. */
  readonly specification: readonly number[];
}

/** More entries than any real BPF object has. */
const MAX_ENTRIES = 500_000;
/** Limit of the attributes per byte of the entries and abbreviations: most have at least one byte, a few have none. */
const ATTRIBUTES_PER_BYTE = 16;
const KEPT: ReadonlySet<number> = new Set(Object.values(TAG));

/** DWARF 5, section 7.7.1. */
const DW_OP_PLUS_UCONST = 0x23;

class Unreadable extends Error {}

/**
 * Reads the entries of .debug_info of a relocatable object, by offset and in file order; null when it is missing,
 * damaged, 64-bit DWARF or of an unknown version.
 */
export function readDies(elf: Elf): ReadonlyMap<number, Die> | null {
  if (!elf.section('.debug_info') || !elf.section('.debug_abbrev')) return null;
  try {
    return new DwarfReader(elf).read();
  } catch (error) {
    // A RangeError of DataView: an entry exceeds its section. Record types are then unknown.
    if (error instanceof Unreadable || error instanceof RangeError) return null;
    throw error;
  }
}

class DwarfReader {
  private readonly info: DataView;
  private readonly abbreviations: DataView;
  private readonly strings: StringTable;
  private readonly lineStrings: StringTable;
  private readonly stringOffsets: DataView;
  private readonly littleEndian: boolean;
  private readonly dies = new Map<number, Die>();
  private at = 0;
  private unitStart = 0;
  private version = 0;
  private addressBytes = 8;
  /** DW_AT_str_offsets_base; by default after the 8-byte header. */
  private stringOffsetsBase = 8;
  private lastText = '';
  /** Number of attributes that may still be read: in a damaged file short entries could use long abbreviations. */
  private budget: number;

  constructor(elf: Elf) {
    this.littleEndian = elf.littleEndian;
    this.info = relocated(elf, '.debug_info');
    this.abbreviations = relocated(elf, '.debug_abbrev');
    this.stringOffsets = relocated(elf, '.debug_str_offsets');
    this.budget = 65536 + ATTRIBUTES_PER_BYTE * (this.info.byteLength + this.abbreviations.byteLength);
    this.strings = new StringTable(elf.section('.debug_str')?.bytes ?? new Uint8Array());
    this.lineStrings = new StringTable(elf.section('.debug_line_str')?.bytes ?? new Uint8Array());
  }

  read(): ReadonlyMap<number, Die> {
    while (this.at < this.info.byteLength) this.readUnit();
    return this.dies;
  }

  private readUnit(): void {
    this.unitStart = this.at;
    const length = this.u32();
    if (length >= 0xfffffff0) throw new Unreadable('64-bit DWARF');
    const end = this.at + length;
    if (end > this.info.byteLength) throw new Unreadable('unit beyond the section');
    this.version = this.u16();
    let abbreviationsAt: number;
    if (this.version === 5) {
      const unitType = this.u8();
      this.addressBytes = this.u8();
      abbreviationsAt = this.u32();
      // DW_UT_compile and DW_UT_partial; the others have longer headers, and clang never emits them for BPF.
      if (unitType !== 1 && unitType !== 3) throw new Unreadable(`unit type ${unitType}`);
    } else if (this.version >= 2 && this.version <= 4) {
      abbreviationsAt = this.u32();
      this.addressBytes = this.u8();
    } else {
      throw new Unreadable(`version ${this.version}`);
    }
    this.stringOffsetsBase = 8;
    const abbreviations = this.readAbbreviations(abbreviationsAt);
    const parents: (Die | null)[] = [];
    while (this.at < end) {
      const offset = this.at;
      const code = this.uleb();
      if (code === 0) {
        parents.pop();
        continue;
      }
      const abbreviation = abbreviations.get(code);
      if (!abbreviation) throw new Unreadable(`abbreviation ${code}`);
      const parent = parents[parents.length - 1] ?? null;
      const die = this.readDie(offset, abbreviation, parent);
      // Lexical blocks are transparent: their variables belong to the function.
      const kept = KEPT.has(die.tag);
      if (kept) {
        this.dies.set(offset, die);
        parent?.children.push(die);
        if (this.dies.size > MAX_ENTRIES) throw new Unreadable('too many entries');
      }
      if (abbreviation.hasChildren) parents.push(kept ? die : parent);
      if (parents.length > 1024) throw new Unreadable('nested too deeply');
    }
    this.at = end;
  }

  private spend(attributes: number): void {
    this.budget -= attributes;
    if (this.budget < 0) throw new Unreadable('more attributes than its size allows');
  }

  private readAbbreviations(start: number): Map<number, Abbreviation> {
    const abbreviations = new Map<number, Abbreviation>();
    const view = this.abbreviations;
    let at = start;
    const uleb = (): number => {
      let value = 0;
      let scale = 1;
      for (;;) {
        const byte = view.getUint8(at++);
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
        scale *= 128;
        if (scale > 2 ** 70) throw new Unreadable('number');
      }
    };
    for (;;) {
      const code = uleb();
      if (code === 0) return abbreviations;
      const tag = uleb();
      const hasChildren = view.getUint8(at++) !== 0;
      const specification: number[] = [];
      for (;;) {
        const attribute = uleb();
        const form = uleb();
        // Signedness of implicit constants does not matter for the attributes read here.
        const constant = form === FORM.implicitConst ? uleb() : 0;
        this.spend(1);
        if (attribute === 0 && form === 0) break;
        specification.push(attribute, form, constant);
      }
      abbreviations.set(code, { tag, hasChildren, specification });
    }
  }

  private readDie(offset: number, abbreviation: Abbreviation, parent: Die | null): Die {
    const die: Die = {
      tag: abbreviation.tag,
      offset,
      parent,
      children: [],
      name: '',
      text: '',
      type: 0,
      origin: 0,
      byteSize: 0,
      bitSize: 0,
      bitOffset: 0,
      encoding: 0,
      count: null,
      value: 0,
      declaration: false,
    };
    const { specification } = abbreviation;
    let inStorageUnit: number | null = null;
    this.spend(specification.length / 3);
    for (let i = 0; i < specification.length; i += 3) {
      const attribute = specification[i] ?? 0;
      const wantsText = (attribute === AT.name || attribute === AT.constValue) && KEPT.has(die.tag);
      const value = this.readForm(specification[i + 1] ?? 0, specification[i + 2] ?? 0, wantsText);
      if (attribute === AT.name) die.name = this.lastText;
      else if (attribute === AT.type) die.type = value;
      else if (attribute === AT.abstractOrigin) die.origin = value;
      else if (attribute === AT.byteSize) die.byteSize = value;
      else if (attribute === AT.bitSize) die.bitSize = value;
      else if (attribute === AT.bitOffset)
        // clang writes an offset before the storage unit (packed structs) as a negative number of 64 bits.
        inStorageUnit =
          specification[i + 1] === FORM.data8
            ? Number(this.info.getBigInt64(this.at - 8, this.littleEndian))
            : value;
      else if (attribute === AT.dataBitOffset) die.bitOffset = value;
      else if (attribute === AT.memberLocation) die.bitOffset = value * 8;
      else if (attribute === AT.encoding) die.encoding = value;
      else if (attribute === AT.count) die.count = value;
      else if (attribute === AT.upperBound) die.count = value + 1;
      else if (attribute === AT.declaration) die.declaration = value !== 0;
      else if (attribute === AT.strOffsetsBase) this.stringOffsetsBase = value;
      else if (attribute === AT.constValue) {
        die.value = value;
        die.text = this.lastText;
      }
    }
    if (inStorageUnit !== null) {
      // DWARF 3, section 5.5.6, and clang 14: counted from the most significant bit of a unit of byteSize bytes.
      die.bitOffset += this.littleEndian ? die.byteSize * 8 - inStorageUnit - die.bitSize : inStorageUnit;
      if (die.bitOffset < 0) throw new Unreadable('a bit field before its struct');
    }
    return die;
  }

  /** The value of a form: references as offsets into .debug_info; text is stored in lastText, if wanted. */
  private readForm(form: number, implicit: number, wantsText: boolean): number {
    this.lastText = '';
    switch (form) {
      case FORM.addr:
        return this.skip(this.addressBytes);
      case FORM.block2:
        return this.expression(this.u16());
      case FORM.block4:
        return this.expression(this.u32());
      case FORM.data2:
        return this.u16();
      case FORM.data4:
      case FORM.secOffset:
        return this.u32();
      case FORM.data8:
        return this.u64();
      case FORM.string:
        return this.inlineString();
      case FORM.block:
      case FORM.exprloc:
        return this.expression(this.uleb());
      case FORM.block1:
        return this.expression(this.u8());
      case FORM.data1:
      case FORM.flag:
        return this.u8();
      case FORM.sdata:
        return this.sleb();
      case FORM.strp:
        return this.text(this.strings, this.u32(), wantsText);
      case FORM.udata:
        return this.uleb();
      case FORM.refAddr:
        return this.version === 2 ? this.skip(this.addressBytes) : this.u32();
      case FORM.ref1:
        return this.unitStart + this.u8();
      case FORM.ref2:
        return this.unitStart + this.u16();
      case FORM.ref4:
        return this.unitStart + this.u32();
      case FORM.ref8:
        return this.unitStart + this.u64();
      case FORM.refUdata:
        return this.unitStart + this.uleb();
      case FORM.indirect: {
        const actual = this.uleb();
        if (actual === FORM.indirect) throw new Unreadable('indirect form of itself');
        return this.readForm(actual, 0, wantsText);
      }
      case FORM.flagPresent:
        return 1;
      case FORM.strx:
        return this.indexedText(this.uleb(), wantsText);
      case FORM.addrx:
      case FORM.loclistx:
      case FORM.rnglistx:
        return this.uleb();
      case FORM.refSup4:
      case FORM.strpSup:
        return this.skip(4);
      case FORM.data16:
        return this.skip(16);
      case FORM.lineStrp:
        return this.text(this.lineStrings, this.u32(), wantsText);
      case FORM.refSig8:
      case FORM.refSup8:
        return this.skip(8);
      case FORM.implicitConst:
        return implicit;
      case FORM.strx1:
        return this.indexedText(this.u8(), wantsText);
      case FORM.strx2:
        return this.indexedText(this.u16(), wantsText);
      case FORM.strx3:
        return this.indexedText(this.u8() | (this.u16() << 8), wantsText);
      case FORM.strx4:
        return this.indexedText(this.u32(), wantsText);
      case FORM.addrx1:
        return this.skip(1);
      case FORM.addrx2:
        return this.skip(2);
      case FORM.addrx3:
        return this.skip(3);
      case FORM.addrx4:
        return this.skip(4);
      default:
        throw new Unreadable(`form ${form}`);
    }
  }

  private text(table: StringTable, offset: number, wanted: boolean): number {
    if (wanted) this.lastText = table.at(offset);
    return 0;
  }

  private indexedText(index: number, wanted: boolean): number {
    if (!wanted) return 0;
    return this.text(
      this.strings,
      this.stringOffsets.getUint32(this.stringOffsetsBase + 4 * index, this.littleEndian),
      true,
    );
  }

  private inlineString(): number {
    const start = this.at;
    while (this.u8() !== 0);
    const bytes = new Uint8Array(this.info.buffer, this.info.byteOffset, this.info.byteLength);
    this.lastText = decodeCString(bytes, start, Math.min(this.at, start + 4096));
    return 0;
  }

  private u8(): number {
    return this.info.getUint8(this.at++);
  }
  private u16(): number {
    this.at += 2;
    return this.info.getUint16(this.at - 2, this.littleEndian);
  }
  private u32(): number {
    this.at += 4;
    return this.info.getUint32(this.at - 4, this.littleEndian);
  }
  private u64(): number {
    this.at += 8;
    return Number(this.info.getBigUint64(this.at - 8, this.littleEndian));
  }
  /** The constant of DW_OP_plus_uconst, DWARF 2's way to write where a member lies; 0 for any other expression. */
  private expression(bytes: number): number {
    const end = this.at + bytes;
    const value = bytes > 1 && this.u8() === DW_OP_PLUS_UCONST ? this.uleb() : 0;
    this.at = end;
    this.skip(0);
    return value;
  }
  private skip(bytes: number): number {
    this.at += bytes;
    if (this.at > this.info.byteLength) throw new Unreadable('attribute beyond the section');
    return 0;
  }
  private uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 70) throw new Unreadable('number');
    }
  }
  private sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return (byte & 0x40) !== 0 ? value - scale : value;
      if (scale > 2 ** 70) throw new Unreadable('number');
    }
  }
}
