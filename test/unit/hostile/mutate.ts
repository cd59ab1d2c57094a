/** Damages real files where it hurts: in the fields of their own structures, with values that readers stumble over. */

/** A number from 0 to below `below`; see ../random.ts. */
export type Below = (below: number) => number;

const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const BTF_HEADER_BYTES = 24;
const BTF_TYPE_BYTES = 12;
/** What follows struct btf_type, by kind: bytes once, and bytes for each of vlen (include/uapi/linux/btf.h). */
const BTF_FIXED_BYTES = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
const BTF_VLEN_BYTES = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];

/** Where a field is, and how wide: bytes. */
interface Place {
  readonly at: number;
  readonly width: 1 | 2 | 4 | 8;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

export function pick<T>(list: readonly T[], below: Below): T {
  const picked = list[below(list.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

/** A value of a field that a reader may not expect: edges of its width, sizes of the file, numbers near its own. */
function strangeValue(own: number, size: number, below: Below): number {
  switch (below(8)) {
    case 0:
      return below(5);
    case 1:
      return own + below(17) - 8;
    case 2:
      return size + below(17) - 8;
    case 3:
      return 2 ** (8 * (1 + below(4))) - 1 - below(20);
    case 4:
      return 2 ** (7 + 8 * below(4));
    case 5:
      return below(size + 1);
    case 6:
      return own * 2;
    default:
      return below(0x10000) * 0x10001;
  }
}

function change(bytes: Uint8Array, { at, width }: Place, below: Below): void {
  if (at < 0 || at + width > bytes.byteLength) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 1) view.setUint8(at, strangeValue(view.getUint8(at), 256, below));
  else if (width === 2) view.setUint16(at, strangeValue(view.getUint16(at, true), 256, below), true);
  else if (width === 4)
    view.setUint32(at, strangeValue(view.getUint32(at, true), bytes.byteLength, below), true);
  else {
    const own = Number(BigInt.asUintN(53, view.getBigUint64(at, true)));
    // Beyond 2^53 and beyond 2^63, too.
    const high = below(6) === 0 ? BigInt(below(0x10000)) << 48n : 0n;
    const value = BigInt(Math.max(0, strangeValue(own, bytes.byteLength, below)));
    view.setBigUint64(at, BigInt.asUintN(64, value | high), true);
  }
}

/** Flips, overwrites and copies bytes anywhere. */
function changeAnywhere(bytes: Uint8Array, below: Below): void {
  const at = below(bytes.byteLength);
  switch (below(4)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return;
    case 1:
      bytes[at] = pick([0, 1, 0x7f, 0x80, 0xff], below);
      return;
    case 2:
      change(bytes, { at, width: 4 }, below);
      return;
    default:
      bytes.copyWithin(at, below(bytes.byteLength), below(bytes.byteLength));
  }
}

const u32 = (bytes: Uint8Array, at: number): number =>
  at + 4 <= bytes.byteLength ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) : 0;
const u16 = (bytes: Uint8Array, at: number): number => u32(bytes, at) & 0xffff;

/** Sections of a 64-bit little-endian ELF file that is still whole. */
function sectionsOf(bytes: Uint8Array): Section[] {
  const table = u32(bytes, 40);
  const names = u32(bytes, table + u16(bytes, 62) * SECTION_HEADER_BYTES + 24);
  return Array.from({ length: u16(bytes, 60) }, (_, index) => {
    const at = table + index * SECTION_HEADER_BYTES;
    const start = names + u32(bytes, at);
    const name = Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString('latin1');
    return { name, type: u32(bytes, at + 4), offset: u32(bytes, at + 24), size: u32(bytes, at + 32) };
  });
}

/** Fields of the ELF header: type, machine, version, entry, offsets of the tables, flags, sizes, counts, index of names. */
const ELF_HEADER_FIELDS: readonly Place[] = [
  ...[4, 5, 6].map(at => ({ at, width: 1 as const })),
  ...[16, 18, 52, 54, 56, 58, 60, 62].map(at => ({ at, width: 2 as const })),
  ...[24, 32, 40].map(at => ({ at, width: 8 as const })),
];
const SECTION_FIELDS: readonly Place[] = [
  ...[0, 4, 40, 44].map(at => ({ at, width: 4 as const })),
  ...[8, 16, 24, 32, 56].map(at => ({ at, width: 8 as const })),
];
const PROGRAM_HEADER_FIELDS: readonly Place[] = [
  { at: 0, width: 4 },
  ...[8, 16, 32, 40].map(at => ({ at, width: 8 as const })),
];
const SYMBOL_FIELDS: readonly Place[] = [
  { at: 0, width: 4 },
  { at: 4, width: 1 },
  { at: 6, width: 2 },
  { at: 8, width: 8 },
  { at: 16, width: 8 },
];
const RELOCATION_FIELDS: readonly Place[] = [
  { at: 0, width: 8 },
  { at: 8, width: 4 },
  { at: 12, width: 4 },
];

const moved = (place: Place, by: number): Place => ({ ...place, at: place.at + by });

/** One change in the structures of an ELF file; `original` says where they are. */
function changeElf(bytes: Uint8Array, original: Uint8Array, below: Below): void {
  const sections = sectionsOf(original);
  const table = u32(original, 40);
  const headerAt = () => table + below(sections.length) * SECTION_HEADER_BYTES;
  const way = below(20);
  if (way < 2) change(bytes, pick(ELF_HEADER_FIELDS, below), below);
  else if (way < 6) change(bytes, moved(pick(SECTION_FIELDS, below), headerAt()), below);
  else if (way === 6) {
    // Two sections are the same, or all that follow are.
    const from = headerAt();
    const header = bytes.slice(from, from + SECTION_HEADER_BYTES);
    const count = below(4) === 0 ? sections.length : 1;
    for (let at = headerAt(), left = count; left > 0 && at + 64 <= bytes.byteLength; left--, at += 64)
      bytes.set(header, at);
  } else if (way === 7 && u16(original, 56) > 0) {
    const at = u32(original, 32) + below(u16(original, 56)) * u16(original, 54);
    change(bytes, moved(pick(PROGRAM_HEADER_FIELDS, below), at), below);
  } else changeContent(bytes, pick(sections, below), below);
}

/** One change in what a section holds. */
function changeContent(bytes: Uint8Array, { name, type, offset, size }: Section, below: Below): void {
  // SHT_NOBITS has no content.
  if (size === 0 || type === 8 || type === 0) {
    changeAnywhere(bytes, below);
    return;
  }
  if (name === '.BTF') {
    changeBtf(bytes.subarray(offset, offset + size), below);
    return;
  }
  // SHT_SYMTAB, SHT_DYNSYM; SHT_RELA, SHT_REL
  if (type === 2 || type === 11)
    change(
      bytes,
      moved(pick(SYMBOL_FIELDS, below), offset + below(size / SYMBOL_BYTES) * SYMBOL_BYTES),
      below,
    );
  else if (type === 4 || type === 9) {
    const entry = type === 4 ? 24 : 16;
    change(bytes, moved(pick(RELOCATION_FIELDS, below), offset + below(size / entry) * entry), below);
  } else if (below(2) === 0) {
    // Notes, .BTF.ext and most others are made of words; names are not.
    change(bytes, { at: offset + 4 * below(size / 4), width: 4 }, below);
  } else bytes[offset + below(size)] = below(256);
}

/** One change in a BTF table, in place: a header's word, or a field of a type: names, kinds, counts, references, circles. */
function changeBtf(table: Uint8Array, below: Below): void {
  if (below(12) === 0) {
    change(table, { at: below(6) * 4, width: 4 }, below);
    return;
  }
  const types: number[] = [];
  const start = BTF_HEADER_BYTES + u32(table, 8);
  const end = Math.min(table.byteLength, start + u32(table, 12));
  for (let at = start; at + BTF_TYPE_BYTES <= end; ) {
    types.push(at);
    const info = u32(table, at + 4);
    const kind = (info >>> 24) & 0x1f;
    const vlen = kind === 12 ? 0 : info & 0xffff;
    at += BTF_TYPE_BYTES + (BTF_FIXED_BYTES[kind] ?? 0) + (BTF_VLEN_BYTES[kind] ?? 0) * vlen;
  }
  if (types.length === 0) return;
  const index = below(types.length);
  const at = types[index] ?? start;
  const bytes = (types[index + 1] ?? end) - at;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const word = at + 4 * below(bytes / 4);
  switch (below(6)) {
    case 0:
      // To itself, or to one nearby that may refer to it.
      view.setUint32(word, Math.max(0, index + 1 + below(5) - 2), true);
      return;
    case 1:
      view.setUint32(word, below(types.length + 2), true);
      return;
    case 2:
      // Another kind, another count of parts.
      table[at + 7] = (table[at + 7] ?? 0) ^ below(0x20);
      return;
    case 3:
      view.setUint16(at + 4, below(3) === 0 ? 0xffff : below(64), true);
      return;
    default:
      change(table, { at: word, width: 4 }, below);
  }
}

function damaged(original: Uint8Array, below: Below, changeOne: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = original.slice();
  for (let changes = 1 + below(4); changes > 0; changes--) {
    if (below(8) === 0) changeAnywhere(bytes, below);
    else changeOne(bytes);
  }
  return below(12) === 0 ? bytes.subarray(0, below(bytes.byteLength)) : bytes;
}

export const damagedElf = (original: Uint8Array, below: Below): Uint8Array =>
  damaged(original, below, bytes => changeElf(bytes, original, below));

export const damagedBtf = (original: Uint8Array, below: Below): Uint8Array =>
  damaged(original, below, bytes => changeBtf(bytes, below));

/** Bytes whose structure this does not know: words and bytes anywhere. */
export const damagedBytes = (original: Uint8Array, below: Below): Uint8Array =>
  damaged(original, below, bytes => {
    if (below(3) > 0) change(bytes, { at: 4 * below(bytes.byteLength / 4), width: 4 }, below);
    else changeAnywhere(bytes, below);
  });

const STRANGE_TEXTS = [
  '',
  '0',
  '-1',
  '9'.repeat(25),
  '__proto__',
  '\0',
  '\u001b[2J',
  '\ud800',
  'R1=',
  '('.repeat(200),
  '\n',
];

/** Lines left out, doubled and mixed; numbers and words replaced. */
export function damagedText(original: string, below: Below): string {
  const lines = original.split('\n');
  for (let changes = 1 + below(8); changes > 0; changes--) {
    const at = below(lines.length);
    const line = lines[at] ?? '';
    switch (below(6)) {
      case 0:
        lines.splice(at, 1 + below(4));
        break;
      case 1:
        lines.splice(at, 0, pick(lines.length > 0 ? lines : [''], below));
        break;
      case 2:
        lines[at] = line.slice(below(20));
        break;
      case 3:
        lines[at] = line.replace(/\d+/g, () => pick([...STRANGE_TEXTS, String(below(40))], below));
        break;
      case 4: {
        const cut = below(line.length + 1);
        lines[at] = line.slice(0, cut) + pick(STRANGE_TEXTS, below) + line.slice(cut + below(4));
        break;
      }
      default:
        lines[at] = line + line;
    }
    if (lines.length === 0) lines.push('');
  }
  return lines.join('\n');
}
