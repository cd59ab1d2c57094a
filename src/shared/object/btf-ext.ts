import type { Btf, BtfTypeId } from '../btf/btf-model';
import { ObjectError } from '../elf/object-error';
import type { CoreRelocation, SourceLine } from './model';

/** .BTF.ext by section name, in file order (records: include/uapi/linux/btf.h, header: tools/lib/bpf/libbpf_internal.h). */
export interface BtfExt {
  readonly lines: ReadonlyMap<string, readonly SourceLine[]>;
  /** BTF FUNC of each function, by the byte offset of its first instruction. */
  readonly functions: ReadonlyMap<string, ReadonlyMap<number, BtfTypeId>>;
  /** CO-RE relocations. */
  readonly relocations: ReadonlyMap<string, readonly CoreRelocation[]>;
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
/** With core_relo_off and core_relo_len, which clang writes since version 10. */
const HEADER_BYTES_WITH_RELOCATIONS = 32;
/** Limit of the text of one object's lines; compilers write a few bytes per instruction. */
const MAX_TEXT = 32 << 20;

/** Parses line_info, func_info and core_relo. Throws ObjectError 'bad-btf' when a table exceeds the section. */
export function parseBtfExt(bytes: Uint8Array, btf: Btf, littleEndian: boolean): BtfExt {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint16(0, littleEndian) !== MAGIC) throw bad('no header');
  const headerBytes = view.getUint32(4, littleEndian);
  const table = (field: number) => ({
    start: headerBytes + view.getUint32(field, littleEndian),
    length: view.getUint32(field + 4, littleEndian),
  });

  const texts = new Map<number, string>();
  let textLength = 0;
  const text = (offset: number): string => {
    let known = texts.get(offset);
    if (known === undefined) {
      known = btf.string(offset);
      texts.set(offset, known);
      textLength += known.length;
      if (textLength > MAX_TEXT) throw bad('its texts overlap');
    }
    return known;
  };

  const functions = new Map<string, Map<number, BtfTypeId>>();
  eachRecord(view, littleEndian, table(8), 8, (sectionName, at) => {
    const section = text(sectionName);
    const known = functions.get(section) ?? new Map<number, BtfTypeId>();
    functions.set(section, known);
    known.set(view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian));
  });

  const lines = new Map<string, SourceLine[]>();
  eachRecord(view, littleEndian, table(16), 16, (sectionName, at) => {
    const section = text(sectionName);
    const known = lines.get(section) ?? [];
    lines.set(section, known);
    const lineAndColumn = view.getUint32(at + 12, littleEndian);
    known.push({
      instruction: view.getUint32(at, littleEndian) / 8,
      file: text(view.getUint32(at + 4, littleEndian)),
      // BPF_LINE_INFO_LINE_NUM and _COL: 22 bits and 10 bits.
      line: lineAndColumn >>> 10,
      column: lineAndColumn & 0x3ff,
      text: text(view.getUint32(at + 8, littleEndian)),
    });
  });

  const relocations = new Map<string, CoreRelocation[]>();
  if (headerBytes >= HEADER_BYTES_WITH_RELOCATIONS && bytes.byteLength >= HEADER_BYTES_WITH_RELOCATIONS) {
    eachRecord(view, littleEndian, table(24), 16, (sectionName, at) => {
      const section = text(sectionName);
      const known = relocations.get(section) ?? [];
      relocations.set(section, known);
      known.push({ type: view.getUint32(at + 4, littleEndian), kind: view.getUint32(at + 12, littleEndian) });
    });
  }
  return { lines, functions, relocations };
}

/** u32 record size, then per section { u32 name, u32 count, count records }. */
function eachRecord(
  view: DataView,
  littleEndian: boolean,
  table: { readonly start: number; readonly length: number },
  minimumBytes: number,
  visit: (sectionName: number, at: number) => void,
): void {
  if (table.length === 0) return;
  const end = table.start + table.length;
  if (end > view.byteLength || table.length < 4) throw bad('a table exceeds the section');
  const recordBytes = view.getUint32(table.start, littleEndian);
  if (recordBytes < minimumBytes) throw bad(`records of ${recordBytes} bytes`);
  let at = table.start + 4;
  while (at < end) {
    if (at + 8 > end) throw bad('a table is truncated');
    const sectionName = view.getUint32(at, littleEndian);
    const count = view.getUint32(at + 4, littleEndian);
    at += 8;
    if (at + count * recordBytes > end) throw bad('a table is truncated');
    for (let i = 0; i < count; i++, at += recordBytes) visit(sectionName, at);
  }
}

function bad(what: string): ObjectError {
  return new ObjectError(
    'bad-btf',
    `The line information (.BTF.ext) is damaged: ${what}. Compile the program again with -g.`,
  );
}
