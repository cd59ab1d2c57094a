import { decodeCString, encodeUtf8 } from '../bytes/utf8';
import { ObjectError } from '../elf/object-error';
import { endlessType } from './btf-circles';
import type { Btf, BtfType, BtfTypeId } from './btf-model';
import {
  BTF_HEADER_BYTES,
  BTF_KIND,
  BTF_MAGIC,
  decodeType,
  FIXED_BYTES,
  KINDS,
  type Kind,
  TYPE_BYTES,
  VLEN_BYTES,
} from './btf-type';

/** libbpf's MAX_RESOLVE_DEPTH (tools/lib/bpf/btf.c); deeper chains are cycles. */
const MAX_DEPTH = 32;
/** Names are truncated here, so that every type of a malicious table cannot have a name of megabytes. */
const MAX_NAME_BYTES = 4096;
/** Lookups per kind by scanning; after that all names are indexed. A session looks up a few names, an editor thousands. */
const SCANS_BEFORE_INDEX = 64;
const MODIFIERS: ReadonlySet<Kind> = new Set(['typedef', 'const', 'volatile', 'restrict', 'type_tag']);

function bad(message: string): ObjectError {
  return new ObjectError(
    'bad-btf',
    `The type information (BTF) is damaged: ${message}. Compile the program again with -g.`,
  );
}

/** Names that are equal as text and as bytes: ASCII, and shorter than the limit. */
const isPlainName = (name: string): boolean => /^[!-~]+$/.test(name) && name.length < MAX_NAME_BYTES;

/** A type's name without its flavour: up to the last "___" between other characters (libbpf's bpf_core_essential_name_len). */
export function essentialName(name: string): string {
  return /^(.*[^_])___[^_]/s.exec(name)?.[1] ?? name;
}

/** The words of a section in this machine's byte order, in place if possible. */
function wordsOf(view: DataView, start: number, length: number, littleEndian: boolean): Uint32Array {
  const count = Math.floor(length / 4);
  const at = view.byteOffset + start;
  if (littleEndian && IS_LITTLE_ENDIAN && at % 4 === 0) return new Uint32Array(view.buffer, at, count);
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(start + i * 4, littleEndian));
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

interface DeclTag {
  readonly tag: string;
  readonly component: number;
}

/**
 * Parses a BTF table: the .BTF section of an object, /sys/kernel/btf/vmlinux, or with `base` a module's split BTF. One
 * pass records the offset of each type; everything else is decoded on demand. `bytes` is not copied and must not change
 * afterwards.
 *
 * Throws ObjectError 'bad-btf' when the table is malformed; the methods also throw it, for an id or a reference out of
 * range, a cycle of modifiers or a name outside the string section.
 */
export function parseBtf(bytes: Uint8Array, base?: Btf): Btf {
  if (base !== undefined && !(base instanceof BtfTable))
    throw new TypeError('the base of split BTF must come from parseBtf');
  return new BtfTable(bytes, base);
}

class BtfTable implements Btf {
  readonly typeCount: number;
  private readonly firstId: number;
  /** The type section as words, which makes a pass over a kernel's table take only a few milliseconds. */
  private readonly words: Uint32Array;
  /** Byte offset in that section of type firstId + i. */
  private readonly offsets: Uint32Array;
  private readonly stringsStart: number;
  private readonly stringsEnd: number;
  /** Total length of the base's string sections; name offsets of split BTF continue from there. */
  private readonly baseStringBytes: number;
  private readonly indexes = new Map<Kind, Map<string, BtfTypeId>>();
  /** Results of the scans made before the index exists. */
  private readonly scanned = new Map<Kind, Map<string, BtfTypeId | null>>();
  private tagIndex: Map<BtfTypeId, DeclTag[]> | null = null;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly base: BtfTable | undefined,
  ) {
    if (bytes.byteLength < BTF_HEADER_BYTES) throw bad(`${bytes.byteLength} bytes are too few for a header`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const littleEndian = view.getUint16(0, true) === BTF_MAGIC;
    if (!littleEndian && view.getUint16(0, false) !== BTF_MAGIC) throw bad('the BTF magic is missing');
    if (view.getUint8(2) !== 1) throw bad(`version ${view.getUint8(2)} is unknown`);

    const [headerBytes = 0, typesOffset = 0, typesBytes = 0, stringsOffset = 0, stringsBytes = 0] = [
      4, 8, 12, 16, 20,
    ].map(at => view.getUint32(at, littleEndian));
    if (headerBytes < BTF_HEADER_BYTES || headerBytes > bytes.byteLength)
      throw bad(`a header of ${headerBytes} bytes`);
    const typesStart = headerBytes + typesOffset;
    this.stringsStart = headerBytes + stringsOffset;
    this.stringsEnd = this.stringsStart + stringsBytes;
    if (typesStart + typesBytes > bytes.byteLength || this.stringsEnd > bytes.byteLength)
      throw bad('a section exceeds the end');

    this.firstId = base ? base.typeCount : 1;
    this.baseStringBytes = base ? base.baseStringBytes + base.stringsEnd - base.stringsStart : 0;
    this.words = wordsOf(view, typesStart, typesBytes, littleEndian);
    this.offsets = this.index(typesBytes);
    this.typeCount = this.firstId + this.offsets.length;
    const endless = endlessType(this.words, this.offsets, this.firstId);
    if (endless !== null) throw bad(`type ${endless} refers to itself`);
  }

  type(id: BtfTypeId): BtfType {
    if (id === 0) return { kind: 'void' };
    const table = this.tableOf(id);
    return decodeType(table, table.offsetOf(id));
  }

  name(id: BtfTypeId): string {
    if (id === 0) return '';
    const table = this.tableOf(id);
    return table.string(table.u32(table.offsetOf(id)));
  }

  kind(id: BtfTypeId): Kind {
    if (id === 0) return 'void';
    const table = this.tableOf(id);
    return KINDS[table.kindNumber(table.offsetOf(id))] ?? 'void';
  }

  find(kind: Kind, name: string): BtfTypeId | null {
    const inBase = this.base?.find(kind, name) ?? null;
    if (inBase !== null) return inBase;
    const index = this.indexes.get(kind);
    if (index) return index.get(name) ?? null;
    const scanned = this.scanned.get(kind) ?? new Map<string, BtfTypeId | null>();
    this.scanned.set(kind, scanned);
    const known = scanned.get(name);
    if (known !== undefined) return known;
    if (scanned.size >= SCANS_BEFORE_INDEX || !isPlainName(name))
      return this.indexNames(kind).get(name) ?? null;
    const found = this.scan(kind, name);
    scanned.set(name, found);
    return found;
  }

  private indexNames(kind: Kind): Map<string, BtfTypeId> {
    const index = new Map<string, BtfTypeId>();
    let budget = this.textBudget();
    for (const id of this.ownIds(kind)) {
      const own = this.name(id);
      if (own === '' || index.has(own)) continue;
      index.set(own, id);
      budget -= own.length;
      if (budget < 0) throw bad('its names overlap');
    }
    this.indexes.set(kind, index);
    this.scanned.delete(kind);
    return index;
  }

  /** The first own type of that name. Compares bytes in place: decoding all names would take twenty times as long. */
  private scan(kind: Kind, name: string): BtfTypeId | null {
    const wanted = encodeUtf8(`${name}\0`);
    const number = KINDS.indexOf(kind);
    const otherNumber = KINDS.lastIndexOf(kind);
    for (let i = 0; i < this.offsets.length; i++) {
      const offset = this.offsets[i] ?? 0;
      const own = this.kindNumber(offset);
      if ((own === number || own === otherNumber) && this.isNamed(this.u32(offset), wanted))
        return this.firstId + i;
    }
    return null;
  }

  flavours(wanted: readonly { readonly kind: Kind; readonly name: string }[]): BtfTypeId[][] {
    const found = this.base?.flavours(wanted) ?? wanted.map((): BtfTypeId[] => []);
    const byKind = KINDS.map(kind =>
      wanted.flatMap(({ kind: ofKind, name }, i) =>
        kind === ofKind ? [{ name, bytes: encodeUtf8(name), ids: found[i] ?? [] }] : [],
      ),
    );
    const { words, offsets } = this;
    for (let i = 0; i < offsets.length; i++) {
      const at = (offsets[i] as number) >>> 2;
      const ofKind = byKind[((words[at + 1] as number) >>> 24) & 0x1f];
      if (ofKind === undefined || ofKind.length === 0) continue;
      const nameOffset = words[at] as number;
      for (const { name, bytes, ids } of ofKind) {
        // Most names differ in their first bytes; only the others are decoded.
        if (this.isNamed(nameOffset, bytes) && essentialName(this.string(nameOffset)) === name)
          ids.push(this.firstId + i);
      }
    }
    return found;
  }

  /** Whether the name begins with `wanted`; for the complete name `wanted` ends with a NUL. */
  private isNamed(nameOffset: number, wanted: Uint8Array): boolean {
    if (this.base && nameOffset < this.baseStringBytes) return this.base.isNamed(nameOffset, wanted);
    if (nameOffset === 0) return false;
    const start = this.stringsStart + nameOffset - this.baseStringBytes;
    if (start >= this.stringsEnd) throw bad(`a name at ${nameOffset} is outside the string section`);
    // A valid string section ends with a NUL; otherwise its end terminates the last name.
    for (let i = 0; i < wanted.length; i++) {
      const byte = start + i < this.stringsEnd ? this.bytes[start + i] : 0;
      if (byte !== wanted[i]) return false;
    }
    return true;
  }

  *ids(kind: Kind): Iterable<BtfTypeId> {
    if (this.base) yield* this.base.ids(kind);
    else if (kind === 'void') yield 0;
    yield* this.ownIds(kind);
  }

  declTags(id: BtfTypeId, component: number): readonly string[] {
    const inBase = this.base && id < this.firstId ? this.base.declTags(id, component) : [];
    this.tagIndex ??= this.indexTags();
    const own = this.tagIndex.get(id);
    if (!own) return inBase;
    return [...inBase, ...own.filter(tag => tag.component === component).map(tag => tag.tag)];
  }

  resolve(id: BtfTypeId): BtfTypeId {
    let at = id;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      if (!MODIFIERS.has(this.kind(at))) return at;
      const table = this.tableOf(at);
      at = table.u32(table.offsetOf(at) + 8);
    }
    throw bad(`type ${id} refers to itself`);
  }

  sizeOf(id: BtfTypeId): number {
    let at = id;
    let elements = 1;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      const type = this.shallow(this.resolve(at));
      if (type.elementType === null) {
        const size = type.size * elements;
        if (!Number.isSafeInteger(size)) throw bad(`type ${id} has an invalid size`);
        return size;
      }
      elements *= type.count;
      at = type.elementType;
    }
    throw bad(`array type ${id} contains itself`);
  }

  /** What sizeOf needs, without decoding members. */
  private shallow(id: BtfTypeId): {
    readonly size: number;
    readonly count: number;
    readonly elementType: BtfTypeId | null;
  } {
    const kind = this.kind(id);
    if (kind === 'array') {
      const table = this.tableOf(id);
      const offset = table.offsetOf(id);
      return { size: 0, count: table.u32(offset + 20), elementType: table.u32(offset + 12) };
    }
    if (kind === 'ptr') return { size: 8, count: 1, elementType: null };
    if (kind === 'var') {
      const table = this.tableOf(id);
      // A variable's size is its type's.
      return { size: 0, count: 1, elementType: table.u32(table.offsetOf(id) + 8) };
    }
    const sized =
      kind === 'int' ||
      kind === 'struct' ||
      kind === 'union' ||
      kind === 'enum' ||
      kind === 'float' ||
      kind === 'datasec';
    if (!sized) return { size: 0, count: 1, elementType: null };
    const table = this.tableOf(id);
    return { size: table.u32(table.offsetOf(id) + 8), count: 1, elementType: null };
  }

  private index(end: number): Uint32Array {
    const { words } = this;
    // Every type has at least 12 bytes, so this is large enough; the returned copy is exact.
    const offsets = new Uint32Array(Math.floor(end / TYPE_BYTES));
    let count = 0;
    let at = 0;
    while (at < end) {
      if (at + TYPE_BYTES > end) throw bad(`type ${this.firstId + count} is truncated`);
      const info = words[(at >>> 2) + 1] ?? 0;
      const kind = (info >>> 24) & 0x1f;
      if (kind === 0 || kind >= KINDS.length)
        throw bad(`type ${this.firstId + count} has the unknown kind ${kind}`);
      offsets[count++] = at;
      at +=
        TYPE_BYTES +
        (FIXED_BYTES[kind] ?? 0) +
        (VLEN_BYTES[kind] ?? 0) * (kind === BTF_KIND.func ? 0 : info & 0xffff);
    }
    if (at > end) throw bad(`type ${this.firstId + count - 1} is truncated`);
    return offsets.slice(0, count);
  }

  /** Strings can share storage only by a common suffix: reading far more than the section contains is an attack on memory. */
  private textBudget(): number {
    return 65536 + 4 * (this.baseStringBytes + this.stringsEnd - this.stringsStart);
  }

  private indexTags(): Map<BtfTypeId, DeclTag[]> {
    const index = new Map<BtfTypeId, DeclTag[]>();
    let budget = this.textBudget();
    for (const offset of this.offsets) {
      if (this.kindNumber(offset) !== BTF_KIND.decl_tag) continue;
      const target = this.u32(offset + 8);
      const tag = {
        tag: this.string(this.u32(offset)),
        component: this.u32(offset + 12) | 0,
      };
      budget -= tag.tag.length;
      if (budget < 0) throw bad('its tags overlap');
      const list = index.get(target);
      if (list) list.push(tag);
      else index.set(target, [tag]);
    }
    return index;
  }

  private *ownIds(kind: Kind): Iterable<BtfTypeId> {
    for (let i = 0; i < this.offsets.length; i++) {
      if (KINDS[this.kindNumber(this.offsets[i] ?? 0)] === kind) yield this.firstId + i;
    }
  }

  private tableOf(id: BtfTypeId): BtfTable {
    return this.base && id < this.firstId ? this.base.tableOf(id) : this;
  }

  private offsetOf(id: BtfTypeId): number {
    const offset = this.offsets[id - this.firstId];
    if (offset === undefined) throw bad(`there is no type ${id}`);
    return offset;
  }

  private kindNumber(offset: number): number {
    return (this.u32(offset + 4) >>> 24) & 0x1f;
  }

  /** A word of the type section; indexed offsets are within it. */
  u32(offset: number): number {
    return this.words[offset >>> 2] ?? 0;
  }

  string(nameOffset: number): string {
    if (nameOffset < this.baseStringBytes) {
      if (this.base) return this.base.string(nameOffset);
    }
    const start = this.stringsStart + nameOffset - this.baseStringBytes;
    if (nameOffset === 0) return '';
    if (start >= this.stringsEnd) throw bad(`a name at ${nameOffset} is outside the string section`);
    return decodeCString(this.bytes, start, Math.min(this.stringsEnd, start + MAX_NAME_BYTES));
  }
}
