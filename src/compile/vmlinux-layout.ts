import type { Btf, BtfMember, BtfTypeId } from '../shared/btf/btf-model';
import { ObjectError } from '../shared/elf/object-error';
import type { DecodedTypes } from './decoded-types';

/** How to write one struct or union so that clang's BPF target lays it out as the kernel did. */
export interface Layout {
  /**
   * natural: as written; packed: with __attribute__((packed)); opaque: not expressible in C (overlapping members,
   * absurd gaps), only its size is kept.
   */
  readonly form: 'natural' | 'packed' | 'opaque';
  /** Alignment of the C type as written, in bytes. */
  readonly align: number;
  /** N of __attribute__((aligned(N))), for over-aligned unions; 0: no attribute. */
  readonly alignedTo: number;
  /** Members in memory order, each with the padding before it in bits. */
  readonly members: readonly {
    readonly member: BtfMember;
    readonly bitSize: number;
    readonly padding: PaddingBits;
  }[];
  readonly tailPadding: PaddingBits;
}

/** Widths of unnamed `long` bit fields, in order. Unnamed bit fields add no member to BTF and no alignment. */
export type PaddingBits = readonly number[];

const LONG_BITS = 64;
/** Limit of one gap, 32 KiB: several times the kernel's largest alignment. A damaged table can have gaps of any size. */
const MAX_PADDING_LONGS = 4096;

/**
 * Computes layouts by clang's rules for BPF (the Itanium C++ ABI's for C types: a member is placed at the next multiple
 * of its alignment, a bit field may not cross a unit of its declared type, packed removes both rules). Cached per type.
 */
export class Layouts {
  private readonly layouts = new Map<BtfTypeId, Layout>();
  private readonly open = new Set<BtfTypeId>();

  constructor(
    private readonly btf: Btf,
    private readonly types: DecodedTypes,
  ) {}

  /** Alignment in bytes of the type as the header writes it. */
  alignOf(id: BtfTypeId): number {
    let at = this.btf.resolve(id);
    for (;;) {
      const type = this.types.get(at);
      switch (type.kind) {
        case 'array':
          at = this.btf.resolve(type.type);
          continue;
        case 'struct':
        case 'union':
          return this.layoutOf(at).align;
        case 'ptr':
          return 8;
        case 'int':
        case 'float':
        case 'enum':
          return Math.max(1, Math.min(16, type.size));
        default:
          return 1;
      }
    }
  }

  /** `id` must be a struct or union. Throws ObjectError 'bad-btf' if it contains itself. */
  layoutOf(id: BtfTypeId): Layout {
    let layout = this.layouts.get(id);
    if (!layout) {
      if (this.open.has(id))
        throw new ObjectError(
          'bad-btf',
          `The kernel’s type information (BTF) is damaged: type ${id} contains itself.`,
        );
      this.open.add(id);
      layout = this.compute(id);
      this.open.delete(id);
      this.layouts.set(id, layout);
    }
    return layout;
  }

  private compute(id: BtfTypeId): Layout {
    const type = this.types.get(id);
    if (type.kind !== 'struct' && type.kind !== 'union') throw new TypeError(`type ${id} is a ${type.kind}`);
    const fields = type.members.map(member => this.field(member));
    const sizeBits = type.size * 8;
    const build = type.kind === 'struct' ? placeStruct : placeUnion;
    return (
      build(fields, sizeBits, false) ??
      build(fields, sizeBits, true) ?? {
        form: 'opaque',
        align: 1,
        alignedTo: 0,
        members: [],
        tailPadding: [],
      }
    );
  }

  private field(member: BtfMember): Field {
    const size = this.btf.sizeOf(member.type);
    const align = this.alignOf(member.type);
    const base = this.types.get(this.btf.resolve(member.type));
    // Before kind_flag (Linux 5.0), a bit field's width was stored in its integer type.
    const legacy = member.bitSize === 0 && base.kind === 'int' && base.bits !== base.size * 8 && !base.bool;
    const bitSize = legacy ? base.bits : member.bitSize;
    const offset = member.bitOffset + (legacy ? base.bitOffset : 0);
    return { member, bitSize, offset, sizeBits: size * 8, alignBits: align * 8 };
  }
}

interface Field {
  readonly member: BtfMember;
  readonly bitSize: number;
  readonly offset: number;
  readonly sizeBits: number;
  readonly alignBits: number;
}

function placeStruct(fields: readonly Field[], sizeBits: number, packed: boolean): Layout | null {
  const members: { member: BtfMember; bitSize: number; padding: PaddingBits }[] = [];
  let cursor = 0;
  let alignBits = 8;
  // The sort is stable, so empty members keep their place.
  for (const field of [...fields].sort((a, b) => a.offset - b.offset)) {
    let padding: PaddingBits | null = [];
    if (placed(field, cursor, packed) !== field.offset) {
      if (field.offset < cursor || placed(field, field.offset, packed) !== field.offset) return null;
      padding = paddingBits(cursor, field.offset);
      if (!padding) return null;
    }
    members.push({ member: field.member, bitSize: field.bitSize, padding });
    cursor = field.offset + (field.bitSize || field.sizeBits);
    if (!packed) alignBits = Math.max(alignBits, field.alignBits);
  }
  if (cursor > sizeBits || sizeBits % alignBits !== 0) return null;
  const tailPadding = roundUp(cursor, alignBits) === sizeBits ? [] : paddingBits(cursor, sizeBits);
  if (!tailPadding) return null;
  return { form: packed ? 'packed' : 'natural', align: alignBits / 8, alignedTo: 0, members, tailPadding };
}

function placeUnion(fields: readonly Field[], sizeBits: number, packed: boolean): Layout | null {
  let alignBits = 8;
  let largest = 0;
  for (const field of fields) {
    if (field.offset !== 0) return null;
    largest = Math.max(largest, field.bitSize || field.sizeBits);
    if (!packed) alignBits = Math.max(alignBits, field.alignBits);
  }
  if (largest > sizeBits || sizeBits % alignBits !== 0) return null;
  let alignedTo = 0;
  if (roundUp(largest, alignBits) !== sizeBits) {
    // Padding is not possible in a union: it was over-aligned.
    const wanted = [16, 32, 64, 128, 256, 512, 1024, 4096].find(
      bytes => roundUp(largest, bytes * 8) === sizeBits,
    );
    const least = [2, 4, 8].find(bytes => roundUp(largest, bytes * 8) === sizeBits) ?? wanted;
    if (least === undefined) return null;
    alignedTo = least;
    alignBits = Math.max(alignBits, least * 8);
  }
  const members = fields.map(({ member, bitSize }) => ({ member, bitSize, padding: [] }));
  return { form: packed ? 'packed' : 'natural', align: alignBits / 8, alignedTo, members, tailPadding: [] };
}

/** The offset C chooses for the field if the next free bit is `cursor`. */
function placed(field: Field, cursor: number, packed: boolean): number {
  if (field.bitSize === 0) return roundUp(cursor, packed ? 8 : field.alignBits);
  if (packed) return cursor;
  const unit = field.sizeBits;
  const crosses = Math.floor(cursor / unit) !== Math.floor((cursor + field.bitSize - 1) / unit);
  return crosses ? roundUp(cursor, unit) : cursor;
}

/** Returns null if the gap is larger than any in a kernel. */
function paddingBits(from: number, to: number): PaddingBits | null {
  if (to - from > MAX_PADDING_LONGS * LONG_BITS) return null;
  const widths: number[] = [];
  for (let at = from; at < to; ) {
    const width = Math.min(to - at, LONG_BITS - (at % LONG_BITS));
    widths.push(width);
    at += width;
  }
  return widths;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
