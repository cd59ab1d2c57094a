/**
 * Names of a BTF table, by kind, from one pass over its bytes. Btf.find() of the shared reader decodes each name from
 * UTF-8 separately, which takes too long for a first completion with the 45,000 functions of a distribution kernel.
 */
import type { BtfTypeId } from '../../shared/btf/btf-model';
import {
  BTF_HEADER_BYTES,
  BTF_KIND,
  BTF_MAGIC,
  FIXED_BYTES,
  KINDS,
  type Kind,
  kindNumberOf,
  lengthOf,
  TYPE_BYTES,
  VLEN_BYTES,
} from '../../shared/btf/btf-type';

/** The kinds that are looked up by name. */
const NAMED_KINDS = ['int', 'struct', 'union', 'enum', 'typedef', 'func'] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];
const isNamed = (kind: Kind | undefined): kind is NamedKind => NAMED_KINDS.some(one => one === kind);

export interface Enumerator {
  readonly value: bigint;
  /** The enum that contains it. */
  readonly id: BtfTypeId;
}

export class BtfNames {
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly strings: string;
  /** Where each enum begins, and its id: enumerators are read on first use. */
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

  /** `bytes` must have passed parseBtf, which rejects damaged tables. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = view.getUint16(0, true) === BTF_MAGIC;
    const headerBytes = Math.max(BTF_HEADER_BYTES, view.getUint32(4, little));
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
      const kind = kindNumberOf(info);
      const named = KINDS[kind];
      if (named === 'enum') this.enums.push({ at, id });
      const offset = view.getUint32(at, little);
      if (isNamed(named) && offset !== 0) {
        const index = this.byKind[named];
        const name = strings.slice(offset, strings.indexOf('\0', offset));
        if (!index.has(name)) index.set(name, id);
      }
      at += TYPE_BYTES + (FIXED_BYTES[kind] ?? 0) + (VLEN_BYTES[kind] ?? 0) * lengthOf(info);
    }
  }

  find(kind: NamedKind, name: string): BtfTypeId | null {
    return this.byKind[kind].get(name) ?? null;
  }

  /** Every enumerator by its name; the first of several. */
  get enumerators(): ReadonlyMap<string, Enumerator> {
    if (this.byEnumerator) return this.byEnumerator;
    const { view, little, strings } = this;
    const found = new Map<string, Enumerator>();
    for (const { at, id } of this.enums) {
      const info = view.getUint32(at + 4, little);
      const isSigned = info >>> 31 === 1;
      const isLong = kindNumberOf(info) === BTF_KIND.enum64;
      for (let index = 0; index < lengthOf(info); index++) {
        const entry = at + TYPE_BYTES + index * (VLEN_BYTES[kindNumberOf(info)] ?? 0);
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
