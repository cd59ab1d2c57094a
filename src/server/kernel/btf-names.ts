/**
 * Names of a BTF table, by kind, from one pass over its bytes. Btf.find() of the shared reader decodes each name from
 * UTF-8 by itself, which for the 45,000 functions of a distribution kernel takes longer than a first completion may.
 */
import type { BtfTypeId } from '../../shared/btf/btf-model';

/** BTF_KIND_* of include/uapi/linux/btf.h: the kinds that are looked up by name. */
const KINDS = { 1: 'int', 4: 'struct', 5: 'union', 6: 'enum', 8: 'typedef', 12: 'func', 19: 'enum' } as const;
export type NamedKind = (typeof KINDS)[keyof typeof KINDS];
/** Bytes after the 12-byte struct btf_type: a fixed part, and one part per vlen. */
const FIXED_BYTES = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
const VLEN_BYTES = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];
const KIND_FUNC = 12;
const KIND_ENUM64 = 19;
const HEADER_BYTES = 24;
const BTF_MAGIC = 0xeb9f;

export interface Enumerator {
  readonly value: bigint;
  /** The enum that has it. */
  readonly id: BtfTypeId;
}

export class BtfNames {
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly strings: string;
  /** Where each enum begins, and its id: enumerators are read when somebody asks. */
  private readonly enums: { readonly at: number; readonly id: BtfTypeId }[] = [];
  private byEnumerator: ReadonlyMap<string, Enumerator> | null = null;
  private readonly byKind: Readonly<Record<NamedKind, Map<string, BtfTypeId>>> = {
    int: new Map(),
    struct: new Map(),
    union: new Map(),
    enum: new Map(),
    typedef: new Map(),
    func: new Map(),
  };

  /** `bytes` must have passed parseBtf, which refuses damaged tables. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = view.getUint16(0, true) === BTF_MAGIC;
    const headerBytes = Math.max(HEADER_BYTES, view.getUint32(4, little));
    const start = headerBytes + view.getUint32(8, little);
    const end = start + view.getUint32(12, little);
    const stringsStart = headerBytes + view.getUint32(16, little);
    const stringsEnd = stringsStart + view.getUint32(20, little);
    // One text, of which every name is a slice: C identifiers are ASCII.
    const strings = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + stringsStart,
      stringsEnd - stringsStart,
    ).toString('latin1');
    this.view = view;
    this.little = little;
    this.strings = strings;
    let id = 1;
    for (let at = start; at < end; id++) {
      const info = view.getUint32(at + 4, little);
      const kind = (info >>> 24) & 0x1f;
      const named = KINDS[kind as keyof typeof KINDS];
      if (named === 'enum') this.enums.push({ at, id });
      if (named !== undefined) {
        const offset = view.getUint32(at, little);
        if (offset !== 0) {
          const index = this.byKind[named];
          const name = strings.slice(offset, strings.indexOf('\0', offset));
          if (!index.has(name)) index.set(name, id);
        }
      }
      at +=
        12 + (FIXED_BYTES[kind] ?? 0) + (kind === KIND_FUNC ? 0 : (VLEN_BYTES[kind] ?? 0) * (info & 0xffff));
    }
  }

  find(kind: NamedKind, name: string): BtfTypeId | null {
    return this.byKind[kind].get(name) ?? null;
  }

  /** Every enumerator by its name; of several the first. */
  get enumerators(): ReadonlyMap<string, Enumerator> {
    if (this.byEnumerator) return this.byEnumerator;
    const { view, little, strings } = this;
    const found = new Map<string, Enumerator>();
    for (const { at, id } of this.enums) {
      const info = view.getUint32(at + 4, little);
      const isSigned = info >>> 31 === 1;
      const isLong = ((info >>> 24) & 0x1f) === KIND_ENUM64;
      for (let index = 0; index < (info & 0xffff); index++) {
        const entry = at + 12 + index * (isLong ? 12 : 8);
        const offset = view.getUint32(entry, little);
        const name = strings.slice(offset, strings.indexOf('\0', offset));
        if (found.has(name)) continue;
        const low =
          isSigned && !isLong ? view.getInt32(entry + 4, little) : view.getUint32(entry + 4, little);
        const bits = isLong ? (BigInt(view.getUint32(entry + 8, little)) << 32n) | BigInt(low) : BigInt(low);
        found.set(name, { value: isLong && isSigned ? BigInt.asIntN(64, bits) : bits, id });
      }
    }
    this.byEnumerator = found;
    return found;
  }

  names(kind: NamedKind): Iterable<string> {
    return this.byKind[kind].keys();
  }
}
