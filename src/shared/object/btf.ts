import { decodeCString, encodeUtf8 } from '../utf8';
import type { Btf, BtfType, BtfTypeId } from './btf-model';
import { decodeType, FIXED_BYTES, KIND_DECL_TAG, KINDS, type Kind, TYPE_BYTES, VLEN_BYTES } from './btf-type';
import { ObjectError } from './model';

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
/** libbpf's MAX_RESOLVE_DEPTH (tools/lib/bpf/btf.c); deeper chains are cycles. */
const MAX_DEPTH = 32;
/** Names are cut here, so that a hostile table cannot make every one of its types name megabytes. */
const MAX_NAME_BYTES = 4096;
/** Names of one kind that are looked for one by one; with more, all are indexed. A session asks for a handful, an editor for thousands. */
const SCANS_BEFORE_INDEX = 64;
const MODIFIERS: ReadonlySet<Kind> = new Set(['typedef', 'const', 'volatile', 'restrict', 'type_tag']);

function bad(message: string): ObjectError {
  return new ObjectError(
    'bad-btf',
    `The type information (BTF) is damaged: ${message}. Compile the program again with -g.`,
  );
}

/** Names that are the same as text and as bytes: ASCII, and not as long as where names are cut. */
const isPlainName = (name: string): boolean => /^[!-~]+$/.test(name) && name.length < MAX_NAME_BYTES;

interface DeclTag {
  readonly tag: string;
  readonly component: number;
}

/**
 * Reads a BTF table: the .BTF section of an object, /sys/kernel/btf/vmlinux, or with `base` a module's split BTF.
 * One pass notes where each type begins; everything else is decoded when asked for. `bytes` is kept, not copied, and
 * must not change afterwards.
 *
 * Throws ObjectError 'bad-btf' when the table is malformed; so do the methods, for an id or a reference out of range,
 * a cycle of modifiers or a name outside the string section.
 */
export function parseBtf(bytes: Uint8Array, base?: Btf): Btf {
  if (base !== undefined && !(base instanceof BtfTable))
    throw new TypeError('the base of split BTF must come from parseBtf');
  return new BtfTable(bytes, base);
}

class BtfTable implements Btf {
  readonly typeCount: number;
  private readonly view: DataView;
  private readonly littleEndian: boolean;
  private readonly firstId: number;
  /** Where type firstId + i begins in `bytes`. */
  private readonly offsets: Uint32Array;
  private readonly stringsStart: number;
  private readonly stringsEnd: number;
  /** Length of all string sections below this one; split BTF counts name offsets on from its base's. */
  private readonly baseStringBytes: number;
  private readonly indexes = new Map<Kind, Map<string, BtfTypeId>>();
  /** Answers of the scans made before there is an index. */
  private readonly scanned = new Map<Kind, Map<string, BtfTypeId | null>>();
  private tagIndex: Map<BtfTypeId, DeclTag[]> | null = null;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly base: BtfTable | undefined,
  ) {
    if (bytes.byteLength < HEADER_BYTES) throw bad(`${bytes.byteLength} bytes hold no header`);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.view.getUint16(0, true) === MAGIC) this.littleEndian = true;
    else if (this.view.getUint16(0, false) === MAGIC) this.littleEndian = false;
    else throw bad('it does not begin with the BTF magic');
    if (this.view.getUint8(2) !== 1) throw bad(`version ${this.view.getUint8(2)} is unknown`);

    const headerBytes = this.u32(4);
    if (headerBytes < HEADER_BYTES || headerBytes > bytes.byteLength)
      throw bad(`a header of ${headerBytes} bytes`);
    const typesStart = headerBytes + this.u32(8);
    const typesEnd = typesStart + this.u32(12);
    this.stringsStart = headerBytes + this.u32(16);
    this.stringsEnd = this.stringsStart + this.u32(20);
    if (typesEnd > bytes.byteLength || this.stringsEnd > bytes.byteLength)
      throw bad('a section reaches beyond the end');

    this.firstId = base ? base.typeCount : 1;
    this.baseStringBytes = base ? base.baseStringBytes + base.stringsEnd - base.stringsStart : 0;
    this.offsets = this.index(typesStart, typesEnd);
    this.typeCount = this.firstId + this.offsets.length;
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

  /** The first own type of that name, its bytes compared where they lie: decoding all names costs twenty times more. */
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

  /** `wanted` ends with a NUL. */
  private isNamed(nameOffset: number, wanted: Uint8Array): boolean {
    if (this.base && nameOffset < this.baseStringBytes) return this.base.isNamed(nameOffset, wanted);
    if (nameOffset === 0) return false;
    const start = this.stringsStart + nameOffset - this.baseStringBytes;
    if (start >= this.stringsEnd) throw bad(`a name at ${nameOffset} lies outside the strings`);
    // A string section ends with a NUL where it is sound; one that does not ends its last name.
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
        if (!Number.isSafeInteger(size)) throw bad(`type ${id} has an impossible size`);
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

  private index(start: number, end: number): Uint32Array {
    // Every type takes at least 12 bytes, so this is enough room; the copy returned is exact.
    const offsets = new Uint32Array(Math.max(0, Math.floor((end - start) / TYPE_BYTES)));
    let count = 0;
    let at = start;
    while (at < end) {
      if (at + TYPE_BYTES > end) throw bad(`type ${this.firstId + count} is cut off`);
      const info = this.u32(at + 4);
      const kind = (info >>> 24) & 0x1f;
      if (kind === 0 || kind >= KINDS.length)
        throw bad(`type ${this.firstId + count} has the unknown kind ${kind}`);
      offsets[count++] = at;
      at +=
        TYPE_BYTES + (FIXED_BYTES[kind] ?? 0) + (VLEN_BYTES[kind] ?? 0) * (kind === 12 ? 0 : info & 0xffff);
    }
    if (at > end) throw bad(`type ${this.firstId + count - 1} is cut off`);
    return offsets.slice(0, count);
  }

  /** Texts share storage only by a common ending: reading far more than the strings hold is an attack on memory. */
  private textBudget(): number {
    return 65536 + 4 * (this.baseStringBytes + this.stringsEnd - this.stringsStart);
  }

  private indexTags(): Map<BtfTypeId, DeclTag[]> {
    const index = new Map<BtfTypeId, DeclTag[]>();
    let budget = this.textBudget();
    for (const offset of this.offsets) {
      if (this.kindNumber(offset) !== KIND_DECL_TAG) continue;
      const target = this.u32(offset + 8);
      const tag = {
        tag: this.string(this.u32(offset)),
        component: this.view.getInt32(offset + 12, this.littleEndian),
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

  u32(offset: number): number {
    return this.view.getUint32(offset, this.littleEndian);
  }

  string(nameOffset: number): string {
    if (nameOffset < this.baseStringBytes) {
      if (this.base) return this.base.string(nameOffset);
    }
    const start = this.stringsStart + nameOffset - this.baseStringBytes;
    if (nameOffset === 0) return '';
    if (start >= this.stringsEnd) throw bad(`a name at ${nameOffset} lies outside the strings`);
    return decodeCString(this.bytes, start, Math.min(this.stringsEnd, start + MAX_NAME_BYTES));
  }
}
