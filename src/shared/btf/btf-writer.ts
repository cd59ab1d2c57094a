import { encodeUtf8 } from '../bytes/utf8';
import type { Btf, BtfType, BtfTypeId } from './btf-model';
import { BTF_HEADER_BYTES, BTF_KIND, BTF_MAGIC, KINDS } from './btf-type';

/**
 * Copies types of one table into a new self-contained one, including the types that they contain by value but not the
 * types that they only point to (such pointers become `void *`). Little endian.
 */
export class BtfWriter {
  private readonly words: number[] = [];
  private count = 0;
  private readonly strings: Uint8Array[] = [new Uint8Array(1)];
  private stringBytes = 1;
  private readonly stringOffsets = new Map<string, number>([['', 0]]);
  private readonly ids = new Map<BtfTypeId, BtfTypeId>([[0, 0]]);

  constructor(private readonly source: Btf) {}

  /** The type's id in the new table. Throws ObjectError 'bad-btf' when the source is malformed. */
  add(id: BtfTypeId): BtfTypeId {
    const known = this.ids.get(id);
    if (known !== undefined) return known;
    const type = this.source.type(id);
    // Contained types are added first. Valid tables have no cycle without a pointer; this entry ends one in malformed tables.
    this.ids.set(id, 0);
    const words = this.encode(type);
    const added = this.count + 1;
    this.count = added;
    this.ids.set(id, added);
    for (const word of words) this.words.push(word);
    return added;
  }

  /** The table as a .BTF section or a file for libbpf. */
  finish(): Uint8Array {
    const typeBytes = this.words.length * 4;
    const bytes = new Uint8Array(BTF_HEADER_BYTES + typeBytes + this.stringBytes);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, BTF_MAGIC, true);
    view.setUint8(2, 1);
    view.setUint32(4, BTF_HEADER_BYTES, true);
    view.setUint32(12, typeBytes, true);
    view.setUint32(16, typeBytes, true);
    view.setUint32(20, this.stringBytes, true);
    for (const [i, word] of this.words.entries()) view.setUint32(BTF_HEADER_BYTES + i * 4, word, true);
    let at = BTF_HEADER_BYTES + typeBytes;
    for (const string of this.strings) {
      bytes.set(string, at);
      at += string.byteLength;
    }
    return bytes;
  }

  /** struct btf_type and the data after it, as words (include/uapi/linux/btf.h). */
  private encode(type: BtfType): number[] {
    const head = (
      name: string,
      length: number,
      third: number,
      flag = false,
      number = KINDS.indexOf(type.kind),
    ) => [this.string(name), ((flag ? 0x80000000 : 0) | (number << 24) | length) >>> 0, third >>> 0];
    switch (type.kind) {
      case 'int': {
        const encoding = (type.signed ? 1 : 0) | (type.char ? 2 : 0) | (type.bool ? 4 : 0);
        return [
          ...head(type.name, 0, type.size),
          ((encoding << 24) | (type.bitOffset << 16) | type.bits) >>> 0,
        ];
      }
      case 'ptr':
        return head('', 0, 0);
      case 'volatile':
      case 'const':
      case 'restrict':
        return head('', 0, this.add(type.type));
      case 'array':
        return [...head('', 0, 0), this.add(type.type), this.add(type.indexType), type.count];
      case 'struct':
      case 'union': {
        const packed = type.members.some(({ bitSize }) => bitSize > 0);
        const members = type.members.flatMap(member => [
          this.string(member.name),
          this.add(member.type),
          ((packed ? member.bitSize << 24 : 0) | member.bitOffset) >>> 0,
        ]);
        return [...head(type.name, type.members.length, type.size, packed), ...members];
      }
      case 'enum': {
        const values = type.values.flatMap(({ name, value }) => [
          this.string(name),
          Number(BigInt.asUintN(32, value)),
          ...(type.is64 ? [Number(BigInt.asUintN(32, value >> 32n))] : []),
        ]);
        const number = type.is64 ? BTF_KIND.enum64 : BTF_KIND.enum;
        return [...head(type.name, type.values.length, type.size, type.signed, number), ...values];
      }
      case 'fwd':
        return head(type.name, 0, 0, type.union);
      case 'typedef':
        return head(type.name, 0, this.add(type.type));
      case 'type_tag':
        return head(type.tag, 0, this.add(type.type));
      case 'float':
        return head(type.name, 0, type.size);
      default:
        // Functions, variables and tags cannot be part of a value.
        return head('', 0, 0, false, BTF_KIND.ptr);
    }
  }

  private string(text: string): number {
    let offset = this.stringOffsets.get(text);
    if (offset === undefined) {
      offset = this.stringBytes;
      this.stringOffsets.set(text, offset);
      const bytes = encodeUtf8(`${text}\0`);
      this.strings.push(bytes);
      this.stringBytes += bytes.byteLength;
    }
    return offset;
  }
}
