/** Decodes a struct btf_type and the data after it (include/uapi/linux/btf.h). */
import type { BtfMember, BtfType, BtfTypeId } from './btf-model';

export type Kind = BtfType['kind'];

/** BTF_KIND_*, include/uapi/linux/btf.h. */
export const BTF_KIND = {
  void: 0,
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  func_proto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  decl_tag: 17,
  type_tag: 18,
  enum64: 19,
} as const satisfies Readonly<Record<Kind | 'enum64', number>>;

/** Our kind by BTF_KIND_*. */
export const KINDS: readonly Kind[] = (Object.keys(BTF_KIND) as (Kind | 'enum64')[]).map(kind =>
  kind === 'enum64' ? 'enum' : kind,
);

/** BTF_INFO_KIND() of a struct btf_type's info. */
export const kindNumberOf = (info: number): number => (info >>> 24) & 0x1f;
/** BTF_INFO_VLEN(). */
export const lengthOf = (info: number): number => info & 0xffff;

export const BTF_MAGIC = 0xeb9f;
/** struct btf_header. */
export const BTF_HEADER_BYTES = 24;
export const TYPE_BYTES = 12;
/** Bytes after the 12-byte struct btf_type: a fixed part, and one part per element (vlen). */
export const FIXED_BYTES = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
export const VLEN_BYTES = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];

/** Access to a table's words, in its byte order, and names. */
export interface BtfWords {
  u32(offset: number): number;
  /** The name at this offset of the string section. */
  string(nameOffset: number): string;
}

/** Decodes the struct btf_type at `offset`. Throws ObjectError 'bad-btf' for a name outside the string section. */
export function decodeType(table: BtfWords, offset: number): BtfType {
  const info = table.u32(offset + 4);
  const kindNumber = kindNumberOf(info);
  const kind = KINDS[kindNumber] ?? 'void';
  const kindFlag = info >>> 31 === 1;
  const length = info & 0xffff;
  const third = table.u32(offset + 8);
  const name = table.string(table.u32(offset));
  const rest = offset + TYPE_BYTES;
  switch (kind) {
    case 'void':
      return { kind };
    case 'int': {
      const encoding = table.u32(rest);
      return {
        kind,
        name,
        size: third,
        signed: (encoding & (1 << 24)) !== 0,
        char: (encoding & (2 << 24)) !== 0,
        bool: (encoding & (4 << 24)) !== 0,
        bits: encoding & 0xff,
        bitOffset: (encoding >>> 16) & 0xff,
      };
    }
    case 'ptr':
    case 'volatile':
    case 'const':
    case 'restrict':
      return { kind, type: third };
    case 'array':
      return { kind, type: table.u32(rest), indexType: table.u32(rest + 4), count: table.u32(rest + 8) };
    case 'struct':
    case 'union':
      return { kind, name, size: third, members: members(table, rest, length, kindFlag) };
    case 'enum':
      return {
        kind,
        name,
        size: third,
        signed: kindFlag,
        values: enumValues(table, rest, length, kindFlag, kindNumber === BTF_KIND.enum64),
        is64: kindNumber === BTF_KIND.enum64,
      };
    case 'fwd':
      return { kind, name, union: kindFlag };
    case 'typedef':
      return { kind, name, type: third };
    case 'func':
      return { kind, name, type: third, linkage: length };
    case 'func_proto':
      return { kind, returnType: third, parameters: pairs(table, rest, length) };
    case 'var':
      return { kind, name, type: third, linkage: table.u32(rest) };
    case 'datasec':
      return { kind, name, size: third, variables: variables(table, rest, length) };
    case 'float':
      return { kind, name, size: third };
    case 'decl_tag':
      return { kind, tag: name, type: third, component: table.u32(rest) | 0 };
    case 'type_tag':
      return { kind, tag: name, type: third };
  }
}

function members(table: BtfWords, start: number, count: number, packed: boolean): BtfMember[] {
  const members: BtfMember[] = [];
  for (let at = start; members.length < count; at += 12) {
    const offset = table.u32(at + 8);
    members.push({
      name: table.string(table.u32(at)),
      type: table.u32(at + 4),
      // With kind_flag the upper 8 bits are the width of a bit field.
      bitOffset: packed ? offset & 0xffffff : offset,
      bitSize: packed ? offset >>> 24 : 0,
    });
  }
  return members;
}

function enumValues(
  table: BtfWords,
  start: number,
  count: number,
  signed: boolean,
  is64: boolean,
): { name: string; value: bigint }[] {
  const values: { name: string; value: bigint }[] = [];
  for (let at = start; values.length < count; at += is64 ? 12 : 8) {
    const low = table.u32(at + 4);
    let value = is64 ? (BigInt(table.u32(at + 8)) << 32n) | BigInt(low) : BigInt(low);
    if (signed) value = BigInt.asIntN(is64 ? 64 : 32, value);
    values.push({ name: table.string(table.u32(at)), value });
  }
  return values;
}

function pairs(table: BtfWords, start: number, count: number): { name: string; type: BtfTypeId }[] {
  const pairs: { name: string; type: BtfTypeId }[] = [];
  for (let at = start; pairs.length < count; at += 8)
    pairs.push({ name: table.string(table.u32(at)), type: table.u32(at + 4) });
  return pairs;
}

function variables(
  table: BtfWords,
  start: number,
  count: number,
): { type: BtfTypeId; offset: number; size: number }[] {
  const variables: { type: BtfTypeId; offset: number; size: number }[] = [];
  for (let at = start; variables.length < count; at += 12) {
    variables.push({ type: table.u32(at), offset: table.u32(at + 4), size: table.u32(at + 8) });
  }
  return variables;
}
