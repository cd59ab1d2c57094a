import type { Btf, BtfType, BtfTypeId } from '../btf/btf-model';
import { enumNames } from './enum-names';
import { decideMeaning } from './field-meaning';
import type { Field, RecordLayout, Storage } from './model';
import { NO_TAGS, readTags, type Tags } from './tags';
import { cName, typedefsOf } from './type-names';

/** Beyond these limits a type is shown as bytes. */
const MAX_FIELDS = 512;
/** Limit of the members and enum constants processed for one layout, because nesting can multiply them. */
const MAX_STEPS = 20_000;
const MAX_DEPTH = 16;
/** Arrays of structs or texts with up to this many elements get a column per element. */
const MAX_EXPANDED = 8;
/** Structs that are shown as one value. */
const OPAQUE = new Set(['bpfw_ipv6', 'in6_addr']);

interface Place {
  readonly path: string;
  readonly ownName: string;
  readonly offset: number;
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly tags: Tags;
  readonly hidden: boolean;
  readonly depth: number;
}

interface Sink {
  readonly fields: Field[];
  /** By a field's name: the member with its length, from the declaration (BPFW_LENGTH). */
  readonly declaredLengths: Map<string, string>;
  steps: number;
}

function isFull(sink: Sink): boolean {
  return sink.fields.length >= MAX_FIELDS || sink.steps > MAX_STEPS;
}

/**
 * Flattens a struct or union to its leaves in declaration order, with names joined by dots; anything else becomes one
 * field named "value". Members of unions overlap. Flexible arrays are omitted. `tags` are those of the declaration itself
 * (a map's or global's variable); with the variable's name they determine the meaning of a single value.
 */
export function layoutOf(btf: Btf, typeId: BtfTypeId, tags: Tags = NO_TAGS, variableName = ''): RecordLayout {
  const layout = longestLayoutOf(btf, typeId, tags, variableName);
  return { ...layout, fields: layout.fields.filter(({ flexible }) => !flexible) };
}

/** The layout of a record that a program sends: it may be longer than its type, if that ends in a flexible array. */
export function recordLayoutOf(btf: Btf, typeId: BtfTypeId): RecordLayout {
  const layout = longestLayoutOf(btf, typeId, NO_TAGS, '');
  // Empty arrays within a record only mark a place, as in the kernel's own structs.
  const end = Math.max(
    0,
    ...layout.fields.map(({ flexible, offset, size }) => (flexible ? 0 : offset + size)),
  );
  return { ...layout, fields: layout.fields.filter(({ flexible, offset }) => !flexible || offset >= end) };
}

/** True when records of this type may be longer than it. */
export function hasFlexibleEnd(btf: Btf, typeId: BtfTypeId): boolean {
  return recordLayoutOf(btf, typeId).fields.some(({ flexible }) => flexible);
}

function longestLayoutOf(btf: Btf, typeId: BtfTypeId, tags: Tags, variableName: string): RecordLayout {
  const sink: Sink = { fields: [], declaredLengths: new Map(), steps: 0 };
  const typeName = cName(btf, typeId);
  const place = { path: '', ownName: '', offset: 0, bitOffset: 0, bitSize: 0, tags, hidden: false, depth: 0 };
  const resolved = btf.type(btf.resolve(typeId));
  if ((resolved.kind === 'struct' || resolved.kind === 'union') && !isOpaque(btf, typeId)) {
    flattenMembers(btf, btf.resolve(typeId), resolved.members, place, sink);
  } else {
    flatten(btf, typeId, { ...place, path: 'value', ownName: variableName }, sink);
  }
  return { typeName, size: btf.sizeOf(typeId), fields: withLengths(sink) };
}

/** Suffixes of a byte array's length field, as usual in libbpf-tools and the kernel. */
const LENGTH_SUFFIXES = ['_len', '_length', '_size', '_sz'];

/**
 * Adds the length field of texts and bytes: the declared one, or for plain bytes the one named after them (`data`,
 * `data_len`). It must be an integer in the same struct.
 */
function withLengths({ fields, declaredLengths }: Sink): Field[] {
  const byName = new Map(fields.map(field => [field.name, field]));
  return fields.map(field => {
    if (field.storage !== 'bytes' && field.storage !== 'text') return field;
    const declared = declaredLengths.get(field.name);
    const beside = field.name.slice(0, field.name.lastIndexOf('.') + 1);
    const names =
      declared !== undefined
        ? [beside + declared]
        : field.meaning === 'hexdump'
          ? LENGTH_SUFFIXES.map(suffix => field.name + suffix)
          : [];
    const length = names
      .map(name => byName.get(name))
      .find(candidate => candidate && isWholeInteger(candidate));
    if (!length) return field;
    const { name, offset, storage, bigEndian } = length;
    return { ...field, length: { name, offset, storage, ...(bigEndian && { bigEndian }) } };
  });
}

function isWholeInteger({ storage, bitSize }: Field): boolean {
  return bitSize === 0 && /^[ui](8|16|32|64)$/.test(storage);
}

/** A layout for bytes without a type: an integer if the size allows it, else one field of bytes. */
export function untypedLayout(size: number): RecordLayout {
  const storage =
    size === 1 || size === 2 || size === 4 || size === 8 ? integerStorage(size, false) : 'bytes';
  const place = {
    path: 'value',
    ownName: '',
    offset: 0,
    bitOffset: 0,
    bitSize: 0,
    tags: NO_TAGS,
    hidden: false,
    depth: 0,
  };
  return { typeName: '', size, fields: size === 0 ? [] : [leaf(place, [], storage, size, '')] };
}

/** True for a number, text or array, whose only field is called `value`. False for a struct, which has its members. */
export function isSingleValue({ fields }: Pick<RecordLayout, 'fields'>): boolean {
  return fields.length === 1 && fields[0]?.name === 'value';
}

export function integerStorage(size: number, signed: boolean): Storage {
  if (size === 1) return signed ? 'i8' : 'u8';
  if (size === 2) return signed ? 'i16' : 'u16';
  if (size === 4) return signed ? 'i32' : 'u32';
  if (size === 8) return signed ? 'i64' : 'u64';
  if (size === 16) return signed ? 'i128' : 'u128';
  return 'bytes';
}

/** How a scalar type is stored; null for structs, unions and arrays. */
export function scalarStorage(type: BtfType): { readonly storage: Storage; readonly size: number } | null {
  switch (type.kind) {
    case 'int':
      return { storage: type.bool ? 'bool' : integerStorage(type.size, type.signed), size: type.size };
    case 'enum':
      return { storage: integerStorage(type.size, type.signed), size: type.size };
    case 'ptr':
      return { storage: 'u64', size: 8 };
    case 'float':
      return { storage: type.size === 4 ? 'f32' : type.size === 8 ? 'f64' : 'bytes', size: type.size };
    default:
      return null;
  }
}

function isOpaque(btf: Btf, typeId: BtfTypeId): boolean {
  return typedefsOf(btf, typeId).some(name => OPAQUE.has(name)) || OPAQUE.has(btf.name(btf.resolve(typeId)));
}

function flattenMembers(
  btf: Btf,
  structId: BtfTypeId,
  members: Extract<BtfType, { kind: 'struct' | 'union' }>['members'],
  outer: Place,
  sink: Sink,
): void {
  for (const [component, member] of members.entries()) {
    const tags = readTags(btf, structId, component);
    // Names become keys of plain objects, where this one would replace the prototype.
    const name = member.name === '__proto__' ? '_proto_' : member.name;
    const path = member.name === '' ? outer.path : outer.path === '' ? name : `${outer.path}.${name}`;
    const bits = outer.bitOffset + outer.offset * 8 + member.bitOffset;
    const place: Place = {
      path,
      ownName: member.name,
      offset: Math.floor(bits / 8),
      bitOffset: bits % 8,
      bitSize: member.bitSize,
      tags,
      hidden:
        outer.hidden ||
        tags.has('hidden') ||
        member.name.startsWith('__') ||
        /^_*pad(ding)?\d*$/.test(member.name),
      depth: outer.depth + 1,
    };
    // An unnamed bit field is padding; members of unnamed structs and unions belong to the outer struct.
    if (member.name === '' && member.bitSize > 0) continue;
    const length = tags.get('length');
    if (length !== null) sink.declaredLengths.set(path, length);
    flatten(btf, member.type, place, sink);
    if (isFull(sink)) return;
  }
}

function flatten(btf: Btf, typeId: BtfTypeId, place: Place, sink: Sink): void {
  if (isFull(sink)) return;
  const resolvedId = btf.resolve(typeId);
  const type = btf.type(resolvedId);
  sink.steps += 1 + ('members' in type ? type.members.length : 'values' in type ? type.values.length : 0);
  const typedefs = typedefsOf(btf, typeId);
  const typeName = cName(btf, typeId);
  const size = btf.sizeOf(resolvedId);
  const scalar = scalarStorage(type);
  if (scalar) {
    sink.fields.push(scalarField(type, scalar, typedefs, typeName, place));
    return;
  }
  if (size === 0 && type.kind !== 'array') return;
  if (
    (type.kind === 'struct' || type.kind === 'union') &&
    place.depth < MAX_DEPTH &&
    !isOpaque(btf, typeId)
  ) {
    flattenMembers(btf, resolvedId, type.members, place, sink);
  } else if (type.kind === 'array' && place.depth < MAX_DEPTH) {
    flattenArray(btf, type, typedefs, typeName, size, place, sink);
  } else if (size > 0) {
    const names = OPAQUE.has(btf.name(resolvedId)) ? [...typedefs, 'bpfw_ipv6'] : typedefs;
    sink.fields.push(leaf(place, names, 'bytes', size, typeName));
  }
}

function flattenArray(
  btf: Btf,
  type: Extract<BtfType, { kind: 'array' }>,
  typedefs: readonly string[],
  typeName: string,
  size: number,
  place: Place,
  sink: Sink,
): void {
  const elementId = btf.resolve(type.type);
  const element = btf.type(elementId);
  const elementSize = btf.sizeOf(elementId);
  const isFlexible = type.count === 0 && elementSize > 0;
  if (size === 0 && !isFlexible) return;
  const push = (field: Field) => sink.fields.push(isFlexible ? { ...field, flexible: true } : field);
  const scalar = scalarStorage(element);
  if (scalar) {
    const names = [...typedefs, ...typedefsOf(btf, type.type)];
    const isByte = element.kind === 'int' && element.size === 1 && !element.bool;
    // clang encodes plain `char` as signed on BPF, without the char bit; u8 and __u8 are unsigned.
    if (isByte && element.kind === 'int' && (element.char || element.signed || element.name === 'char')) {
      push(leaf(place, names, 'text', size, typeName));
    } else if (isByte || scalar.storage === 'bytes') {
      push(leaf(place, names, 'bytes', size, typeName));
    } else {
      const field = leaf(place, names, 'array', size, typeName, scalar.size);
      const elements = {
        count: type.count,
        elementStorage: scalar.storage,
        ...byConstants(element, typeName),
      };
      push(field.storage === 'array' ? { ...field, ...elements } : field);
    }
    return;
  }
  if (isFlexible || type.count > MAX_EXPANDED) {
    const own = { fields: [], declaredLengths: new Map(), steps: sink.steps };
    const element = elementLayout(btf, type.type, place, own);
    sink.steps = own.steps;
    push({ ...leaf(place, typedefs, 'records', size, typeName), count: type.count, elementSize, element });
    return;
  }
  for (let i = 0; i < type.count; i++) {
    const at = {
      ...place,
      path: `${place.path}[${i}]`,
      offset: place.offset + i * elementSize,
      depth: place.depth + 1,
    };
    flatten(btf, type.type, at, sink);
  }
}

/** One element of an array of structs, unions or arrays. */
function elementLayout(btf: Btf, typeId: BtfTypeId, array: Place, sink: Sink): RecordLayout {
  const resolved = btf.type(btf.resolve(typeId));
  const isStruct = (resolved.kind === 'struct' || resolved.kind === 'union') && !isOpaque(btf, typeId);
  const place = { ...array, path: isStruct ? '' : 'value', offset: 0, bitOffset: 0, depth: array.depth + 1 };
  flatten(btf, typeId, place, sink);
  const fields = withLengths(sink).filter(({ flexible }) => !flexible);
  return { typeName: cName(btf, typeId), size: btf.sizeOf(typeId), fields };
}

function scalarField(
  type: BtfType,
  scalar: { readonly storage: Storage; readonly size: number },
  typedefs: readonly string[],
  typeName: string,
  place: Place,
): Field {
  // Without kind_flag, a bit field is an int narrower than its storage (btf.rst, BTF_KIND_INT).
  const oldBits =
    type.kind === 'int' && !type.bool && place.bitSize === 0 && type.bits !== type.size * 8 ? type.bits : 0;
  const bitSize = place.bitSize || oldBits;
  const bitOffset = place.bitOffset + (oldBits > 0 && type.kind === 'int' ? type.bitOffset : 0);
  const field: Field = {
    ...leaf(place, typedefs, scalar.storage, scalar.size, typeName),
    ...(type.kind === 'ptr' ? { meaning: 'hex', why: 'its type' } : byConstants(type, typeName)),
  };
  if (bitSize === 0) return field;
  // The storage unit is chosen so that it contains all bits, with the alignment of the declared type.
  const bitsFromStart = place.offset * 8 + bitOffset;
  const unitBits = scalar.size * 8;
  const aligned = Math.floor(bitsFromStart / unitBits) * unitBits;
  const start = bitsFromStart + bitSize <= aligned + unitBits ? aligned : Math.floor(bitsFromStart / 8) * 8;
  const { bigEndian: _, ...whole } = field;
  return { ...whole, offset: start / 8, bitOffset: bitsFromStart - start, bitSize };
}

/** What an enum determines of its field. */
function byConstants(type: BtfType, typeName: string) {
  const valueNames = enumNames(type);
  if (valueNames === null) return {};
  return {
    meaning: /(_set|_flags)$/.test(typeName) ? 'flags' : 'enum',
    why: `the constants of ${typeName}`,
    valueNames,
  } as const;
}

function leaf(
  place: Place,
  typedefs: readonly string[],
  storage: Storage,
  size: number,
  typeName: string,
  elementSize = size,
): Field {
  const { tags, path, ownName, bitSize } = place;
  const unit = tags.get('unit');
  const decided = decideMeaning({ name: ownName, typedefs, storage, size, elementSize, bitSize, unit });
  return {
    name: path,
    label: tags.get('label') ?? path,
    offset: place.offset,
    size,
    storage: decided.storage,
    bitOffset: 0,
    bitSize: 0,
    count: 1,
    elementStorage: null,
    elementSize,
    ...(decided.bigEndian && { bigEndian: true }),
    ...(tags.get('index') !== null && { indexedBy: tags.get('index') ?? '' }),
    ...(decided.unitByName && { byName: 'unit' }),
    meaning: decided.meaning,
    why: decided.why,
    unit: decided.unit,
    valueNames: null,
    help: tags.get('help') ?? '',
    hidden: place.hidden,
    typeName,
  };
}
