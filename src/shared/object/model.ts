/**
 * The content of a BPF object file: the contract between the reader (this folder) and everything that shows, configures
 * or loads a program. Plain data.
 */

import type { MapSizes } from '../bpf/assumed-sizes';
import type { AttachPoint } from '../bpf/attach-point';
import type { SlotConvention } from '../bpf/map-role';
import type { Btf, BtfTypeId } from '../btf/btf-model';
import type { Meaning } from './meaning';

/** One C source position of one instruction, from .BTF.ext line_info. */
export interface SourceLine {
  /** Index of the instruction within its section, in 8-byte units (struct bpf_line_info.insn_off / 8). */
  readonly instruction: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export interface PerfSampling {
  readonly event: 'cpu-clock' | 'cpu-cycles';
  /** The parameter that holds the frequency in hertz. */
  readonly frequencyParameter: string;
  /** The event also records branches (PERF_SAMPLE_BRANCH_ANY). */
  readonly branches: boolean;
}

export interface Program {
  /** The C function's name, which is libbpf's name for the program. */
  readonly name: string;
  /** The section name as written, without a leading '?'. */
  readonly section: string;
  /** False when the section name starts with '?': loaded only when selected. */
  readonly autoload: boolean;
  readonly attachPoint: AttachPoint;
  /** BPFW_CHOICE(group, rank): of a group, only the programs of the lowest rank that the target can attach are loaded. */
  readonly choice: { readonly group: string; readonly rank: number } | null;
  /** BPFW_NEEDS("..."): further requirements on the target, e.g. "btf-args:block_rq_issue:2", "module:kvm". */
  readonly needs: readonly string[];
  /** BPFW_TARGET("param"), or the section is a placeholder: the attach point is completed at run time from this parameter. */
  readonly targetParameter: string | null;
  /** BPFW_IFUNC: the symbol may be an IFUNC; attach to the implementation in use, or to its resolver. */
  readonly ifunc: 'implementation' | 'resolver' | null;
  /** BPFW_PERF, or assumed: the perf event that this perf_event program samples. */
  readonly perf: PerfSampling | null;
  /** 8-byte instructions of the function itself, without the subprograms it calls. */
  readonly instructionCount: number;
  /** Numbers of the BPF helpers called by the program and its subprograms (enum bpf_func_id), ascending. */
  readonly helperIds: readonly number[];
  /** Names of the kernel functions (kfuncs) that they call, as in the source. */
  readonly kfuncs: readonly string[];
  /** Names of the maps and writable global variables that the program and its subprograms use, sorted. */
  readonly uses: readonly string[];
  readonly sourceLines: readonly SourceLine[];
}

/** How panels show a map; inferred from BTF types, decl tags and names, never from a template's name. */
export type MapView =
  | { readonly kind: 'events'; readonly record: RecordLayout | null }
  | {
      readonly kind: 'histogram';
      readonly scale: 'log2' | 'linear' | 'percentiles';
      readonly convention: SlotConvention;
      /** Nothing in the object states the convention. */
      readonly conventionAssumed: boolean;
      /** True: the map is the array of slots. False: each value holds an array of slots. */
      readonly slotsAreEntries: boolean;
      /** Set when each entry is one slot of the histogram of the rest of its key, which `key` describes. */
      readonly inKey?: KeySlotPlace;
      readonly slotCount: number;
      /** Byte offset of the slots within the value, and bytes of one slot (4 or 8). */
      readonly slotsOffset: number;
      readonly slotSize: number;
      /** Linear: the width of a slot and the value of its first one, in `unit`. */
      readonly step: number;
      readonly base: number;
      /** Linear: the last slot holds everything at or above its lower bound. */
      readonly lastIsOverflow: boolean;
      readonly unit: string;
      /** Layout of the map's key when every key is one histogram; null for a single histogram. */
      readonly key: RecordLayout | null;
    }
  | { readonly kind: 'table'; readonly key: RecordLayout; readonly value: RecordLayout }
  | { readonly kind: 'stacks'; readonly depth: number; readonly buildId: boolean }
  /** A u64 or u32 counter of events that the program could not deliver. */
  | { readonly kind: 'drops'; readonly of: string | null }
  /** Internal maps (start times, scratch space, libbpf's own): the Maps page lists them last. */
  | { readonly kind: 'internal'; readonly why: string };

/** Where a key has the number of the slot. */
export interface KeySlotPlace {
  readonly offset: number;
  /** 4 or 8 bytes. */
  readonly size: number;
  /** The slot whose entry is the sum of the values; null without one. */
  readonly sum: number | null;
}

/** The C types of a map's entries. */
export interface EntryLayouts {
  readonly key: RecordLayout;
  readonly value: RecordLayout;
}

export interface MapDefinition {
  readonly name: string;
  /** enum bpf_map_type (include/uapi/linux/bpf.h). */
  readonly type: number;
  /** Lower-case name, e.g. "ringbuf", "percpu_hash". */
  readonly typeName: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** Of the sizes those that the definition leaves to its loader; absent: none. */
  readonly assumed?: Partial<MapSizes>;
  /** BPF_F_* map flags. */
  readonly flags: number;
  readonly perCpu: boolean;
  /** The label from the decl tag, else the name. */
  readonly label: string;
  readonly view: MapView;
  /** Why it has this view; completes "shown as it is because of ...". */
  readonly why?: string;
  /** The layouts for listing its entries, independent of the view; null when they cannot be listed or have no types. */
  readonly entries: EntryLayouts | null;
}

/** How the bytes of one field are stored. */
export type Storage =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u128'
  | 'i128'
  | 'f32'
  | 'f64'
  | 'bool'
  /** char[n]: text up to the first NUL. */
  | 'text'
  /** n bytes of unknown format. */
  | 'bytes'
  /** An array of a scalar: `count` elements of `elementSize` bytes. */
  | 'array'
  /** An array of anything else: `count` elements of `elementSize` bytes, each as `element` describes. */
  | 'records';

export interface Field {
  /** Dotted path in the C struct, e.g. "key.saddr"; the column's name. */
  readonly name: string;
  readonly label: string;
  readonly offset: number;
  readonly size: number;
  readonly storage: Storage;
  /** Bit fields only: offset within the storage unit (from the least significant bit) and width in bits; width 0 for ordinary fields. */
  readonly bitOffset: number;
  readonly bitSize: number;
  /** Arrays only; 1 and `size` otherwise. */
  readonly count: number;
  readonly elementStorage: Storage | null;
  readonly elementSize: number;
  /** Integers, also those of an array: stored in network byte order. */
  readonly bigEndian?: true;
  /** A flexible array at the end of its record, which takes the rest of the record's bytes; `size` is 0. */
  readonly flexible?: true;
  /** Arrays only: names of the indices by decimal index, where they are constants of an enum. */
  readonly indexNames?: Readonly<Record<string, string>>;
  /** The enum of the indices, as BPFW_INDEX states it. */
  readonly indexedBy?: string;
  /** Of storage 'records' only: one element; a single field called "value" when it is not a struct. */
  readonly element?: RecordLayout;
  readonly meaning: Meaning;
  /** Its unit is told by its name alone; 'overruled': the user chose plain numbers instead. */
  readonly byName?: 'unit' | 'overruled';
  /** Why it has this meaning; completes "shown as it is because of ...". */
  readonly why: string;
  /** "" when the number has no unit. */
  readonly unit: string;
  /** Names of enum values (BTF) or of flags, by decimal value; null when there are none. */
  readonly valueNames: Readonly<Record<string, string>> | null;
  readonly help: string;
  /** Padding, `__` names and fields tagged hidden. */
  readonly hidden: boolean;
  readonly typeName: string;
  /** Texts and bytes only, when another field contains their length; see LengthField. */
  readonly length?: LengthField;
}

/** The integer in the same record with the number of used bytes of a text or byte array. */
export interface LengthField {
  readonly name: string;
  readonly offset: number;
  readonly storage: Storage;
  readonly bigEndian?: true;
}

/** A struct (or a scalar, as one field named "value") flattened to its leaves, in memory order. */
export interface RecordLayout {
  readonly typeName: string;
  /** Without a flexible array at the end. */
  readonly size: number;
  readonly fields: readonly Field[];
}

/**
 * What can be set before load: a `const volatile` global in .rodata, or what the object leaves to its loader (a map's
 * size, a program's target): then `section` is empty.
 */
export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly unit: string;
  /** Full ELF section, e.g. ".rodata"; offset and size within it. */
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly storage: Storage;
  /** Stored in network byte order. */
  readonly bigEndian?: true;
  readonly meaning: Meaning;
  /** As in Field. */
  readonly why: string;
  readonly valueNames: Readonly<Record<string, string>> | null;
  /** Inclusive, in the unit; decimal text because u64 does not fit a JS number. null: the type's own range. */
  readonly min: string | null;
  readonly max: string | null;
  /** The initial value, formatted as input. */
  readonly defaultValue: string;
  /** A common role, from its tag or its name (targ_pid, filter_pid, pid, target_comm ...). */
  readonly role: 'pid' | 'tid' | 'comm' | 'uid' | 'device' | 'path' | 'function' | 'usdt' | null;
  /** Of the parameters with this flag at least one must be set before attaching: all defaults would slow the machine down. */
  readonly ask: boolean;
  /** `of` of the map is the parameter's value times `bytes` (valueSize) or the value itself. */
  readonly mapSize?: { readonly map: string; readonly of: keyof MapSizes; readonly bytes: number };
}

/** Histograms in a global variable: `copies` of them, `stride` bytes apart, each with the layout that `view` has for one value. */
export interface GlobalHistogram {
  readonly view: Extract<MapView, { kind: 'histogram' }>;
  readonly copies: number;
  readonly stride: number;
}

/** A non-const global (.bss/.data): shown live in the Maps panel; drop counters are found here too. */
export interface GlobalVariable {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly layout: RecordLayout;
  readonly hidden: boolean;
  /** Set when the variable is a histogram or an array of them, as in some libbpf-tools; see globals.ts. */
  readonly histogram?: GlobalHistogram;
  /** Not null: a counter of records that did not fit into the map `of` (null: any). */
  readonly drops: { readonly of: string | null } | null;
}

/** A CO-RE relocation of one instruction, struct bpf_core_relo (include/uapi/linux/bpf.h). */
export interface CoreRelocation {
  /** The root type in the object's BTF. */
  readonly type: BtfTypeId;
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
}

export interface BpfObject {
  readonly name: string;
  readonly license: string | null;
  readonly programs: readonly Program[];
  readonly maps: readonly MapDefinition[];
  readonly parameters: readonly Parameter[];
  readonly globals: readonly GlobalVariable[];
  /** Lines of the called functions in .text, in the order of the section. */
  readonly subprogramLines?: readonly SourceLine[];
  /** True when a program calls bpf_trace_printk or bpf_trace_vprintk. */
  readonly usesPrintk: boolean;
  readonly btf: Btf | null;
  /** CO-RE relocations by the section of their instructions. */
  readonly relocations?: ReadonlyMap<string, readonly CoreRelocation[]>;
  /** BTF ids of the declarations: FUNC of each program, VAR of each map, parameter and global, by its name. */
  readonly rootTypeIds: Readonly<Record<string, BtfTypeId>>;
}
