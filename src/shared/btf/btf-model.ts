/** A read-only model of BTF (Documentation/bpf/btf.rst, include/uapi/linux/btf.h). */

/** Index into the type table; 0 is void. Split BTF (modules) continues the numbering of its base. */
export type BtfTypeId = number;

export interface BtfMember {
  readonly name: string;
  readonly type: BtfTypeId;
  readonly bitOffset: number;
  /** 0 for ordinary members. */
  readonly bitSize: number;
}

export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly char: boolean;
      readonly bool: boolean;
      readonly bits: number;
      readonly bitOffset: number;
    }
  | { readonly kind: 'ptr'; readonly type: BtfTypeId }
  | {
      readonly kind: 'array';
      readonly type: BtfTypeId;
      readonly indexType: BtfTypeId;
      readonly count: number;
    }
  | {
      readonly kind: 'struct' | 'union';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly values: readonly { readonly name: string; readonly value: bigint }[];
      readonly is64: boolean;
    }
  | { readonly kind: 'fwd'; readonly name: string; readonly union: boolean }
  | { readonly kind: 'typedef'; readonly name: string; readonly type: BtfTypeId }
  | { readonly kind: 'volatile' | 'const' | 'restrict'; readonly type: BtfTypeId }
  | { readonly kind: 'func'; readonly name: string; readonly type: BtfTypeId; readonly linkage: number }
  | {
      readonly kind: 'func_proto';
      readonly returnType: BtfTypeId;
      readonly parameters: readonly { readonly name: string; readonly type: BtfTypeId }[];
    }
  | { readonly kind: 'var'; readonly name: string; readonly type: BtfTypeId; readonly linkage: number }
  | {
      readonly kind: 'datasec';
      readonly name: string;
      readonly size: number;
      readonly variables: readonly {
        readonly type: BtfTypeId;
        readonly offset: number;
        readonly size: number;
      }[];
    }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | {
      readonly kind: 'decl_tag';
      readonly tag: string;
      readonly type: BtfTypeId /** -1: the declaration itself; else member or argument index. */;
      readonly component: number;
    }
  | { readonly kind: 'type_tag'; readonly tag: string; readonly type: BtfTypeId };

/**
 * A parsed table. Types are decoded on demand from the raw bytes (a distribution kernel has 100,000), so a Btf needs
 * little more memory than its bytes.
 */
export interface Btf {
  /** One more than the highest id: void is included. */
  readonly typeCount: number;
  type(id: BtfTypeId): BtfType;
  /** The type's own name or ''; does not decode the rest. */
  name(id: BtfTypeId): string;
  kind(id: BtfTypeId): BtfType['kind'];
  /** The first type of that kind and name, or null; indexed, O(1) after the first call. */
  find(kind: BtfType['kind'], name: string): BtfTypeId | null;
  /**
   * Per kind and name every type that CO-RE matches: of that name, or of a flavour of it ("name___flavour").
   * One pass over all types.
   */
  flavours(wanted: readonly { readonly kind: BtfType['kind']; readonly name: string }[]): BtfTypeId[][];
  /** Every id of a kind, ascending. */
  ids(kind: BtfType['kind']): Iterable<BtfTypeId>;
  /** Tags on a type: of the declaration (component -1) or of one member or argument. */
  declTags(id: BtfTypeId, component: number): readonly string[];
  /** Strips typedefs, const, volatile, restrict and type tags. */
  resolve(id: BtfTypeId): BtfTypeId;
  /** Size in bytes of a value; 0 for void, functions and incomplete types. pointerSize is 8 for BPF and 64-bit kernels. */
  sizeOf(id: BtfTypeId): number;
  /** The text at an offset of the string section; .BTF.ext and CO-RE relocations refer to it. */
  string(offset: number): string;
}
