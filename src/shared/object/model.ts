/**
 * What one BPF object file says about itself: the contract between the reader (this room) and everything that
 * shows, configures or loads a program. Plain data; every name is the field's own (program, map, section, BTF).
 */

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
  /** The event records every branch, too (PERF_SAMPLE_BRANCH_ANY). */
  readonly branches: boolean;
}

export interface Program {
  /** The C function's name: what libbpf calls the program. */
  readonly name: string;
  /** The section name as written, without a leading '?'. */
  readonly section: string;
  /** False when the section name starts with '?': loaded only when somebody chooses it. */
  readonly autoload: boolean;
  readonly attachPoint: AttachPoint;
  /** BPFW_CHOICE(group, rank): of the programs of a group only those of the lowest rank the target can attach are loaded. */
  readonly choice: { readonly group: string; readonly rank: number } | null;
  /** BPFW_NEEDS("..."): further requirements on the target, e.g. "btf-args:block_rq_issue:2", "module:kvm". */
  readonly needs: readonly string[];
  /** BPFW_TARGET("param"): the attach point is completed at run time from the parameter of this name. */
  readonly targetParameter: string | null;
  /** BPFW_IFUNC: the symbol may be an IFUNC; attach to the implementation in use, or to its resolver. */
  readonly ifunc: 'implementation' | 'resolver' | null;
  /** BPFW_PERF: the perf event this perf_event program samples. */
  readonly perf: PerfSampling | null;
  /** 8-byte instructions of the function itself, without the subprograms it calls. */
  readonly instructionCount: number;
  /** Numbers of the BPF helpers that the program and its subprograms call (enum bpf_func_id), ascending. */
  readonly helperIds: readonly number[];
  /** Kernel functions (kfuncs) that they call, by name as written. */
  readonly kfuncs: readonly string[];
  readonly sourceLines: readonly SourceLine[];
}

/** What a panel does with a map; inferred from BTF types, decl tags and names, never from a template's name. */
export type MapView =
  | { readonly kind: 'events'; readonly record: RecordLayout | null }
  | {
      readonly kind: 'histogram';
      readonly scale: 'log2' | 'linear' | 'percentiles';
      readonly convention: SlotConvention;
      /** True: the map is the array of slots. False: each value holds an array of slots. */
      readonly slotsAreEntries: boolean;
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
  /** A u64 or u32 counter of events the program could not deliver. */
  | { readonly kind: 'drops'; readonly of: string | null }
  /** Internal bookkeeping (start times, scratch, libbpf's own): the Maps page has it after everything else. */
  | { readonly kind: 'internal'; readonly why: string };

/** How the entries of a map are written in C. */
export interface EntryLayouts {
  readonly key: RecordLayout;
  readonly value: RecordLayout;
}

export interface MapDefinition {
  readonly name: string;
  /** enum bpf_map_type (include/uapi/linux/bpf.h). */
  readonly type: number;
  /** Lower-case field name, e.g. "ringbuf", "percpu_hash". */
  readonly typeName: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* map flags. */
  readonly flags: number;
  readonly perCpu: boolean;
  /** Label for people: decl tag, else the name. */
  readonly label: string;
  readonly view: MapView;
  /** As what its entries can be listed, whatever the view; null where the kernel lists none or they have no types. */
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
  | 'bool'
  /** char[n]: text up to the first NUL. */
  | 'text'
  /** n bytes without a better reading. */
  | 'bytes'
  /** An array of a scalar: `count` elements of `elementSize` bytes. */
  | 'array';

export interface Field {
  /** Dotted path in the C struct, e.g. "key.saddr"; the column's name. */
  readonly name: string;
  readonly label: string;
  readonly offset: number;
  readonly size: number;
  readonly storage: Storage;
  /** Bit fields only: offset within the storage unit (little end first) and width in bits; width 0 for ordinary fields. */
  readonly bitOffset: number;
  readonly bitSize: number;
  /** Arrays only; 1 and `size` otherwise. */
  readonly count: number;
  readonly elementStorage: Storage | null;
  readonly elementSize: number;
  readonly meaning: Meaning;
  /** "" when the number has no unit. */
  readonly unit: string;
  /** Names of enum values (BTF) or of flags, by decimal value; null when there are none. */
  readonly valueNames: Readonly<Record<string, string>> | null;
  readonly help: string;
  /** Padding, `__` names and fields tagged hidden. */
  readonly hidden: boolean;
  readonly typeName: string;
  /** Texts and bytes only, where the record says how many of them are there; see LengthField. */
  readonly length?: LengthField;
}

/** The integer of the same record that holds how many bytes of a text or byte array the program filled. */
export interface LengthField {
  readonly name: string;
  readonly offset: number;
  readonly storage: Storage;
}

/** A struct (or a scalar, as one field named "value") flattened to its leaves, in memory order. */
export interface RecordLayout {
  readonly typeName: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

/** A `const volatile` global in .rodata that people may set before load. */
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
  readonly meaning: Meaning;
  readonly valueNames: Readonly<Record<string, string>> | null;
  /** Inclusive, in the unit; decimal text because u64 does not fit a JS number. null: the type's own range. */
  readonly min: string | null;
  readonly max: string | null;
  /** The initial value as people would type it. */
  readonly defaultValue: string;
  /** A parameter every tool knows, found by tag or by name (targ_pid, filter_pid, pid, target_comm ...). */
  readonly role: 'pid' | 'tid' | 'comm' | 'uid' | 'device' | 'path' | 'function' | 'usdt' | null;
  /** Of the parameters with this mark one must be set before the program is attached: all defaults would slow the machine down. */
  readonly ask: boolean;
}

/** Histograms in a global variable: `copies` of them, `stride` bytes apart, each laid out as `view` says of one value. */
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
  /** Set when the variable is a histogram or an array of them, as libbpf-tools keep some; see globals.ts. */
  readonly histogram?: GlobalHistogram;
  /** Not null: a counter of records that the map named (null: any) had no room for. */
  readonly drops: { readonly of: string | null } | null;
}

/** What one instruction wants to know of the target's types, struct bpf_core_relo (include/uapi/linux/bpf.h). */
export interface CoreRelocation {
  /** The object's own type the question begins at. */
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
  /** Lines of the functions in .text that programs call, in the order of the section. */
  readonly subprogramLines?: readonly SourceLine[];
  /** True when a program calls bpf_trace_printk or bpf_trace_vprintk. */
  readonly usesPrintk: boolean;
  readonly btf: Btf | null;
  /** CO-RE relocations by the section whose instructions they are for. */
  readonly relocations?: ReadonlyMap<string, readonly CoreRelocation[]>;
  /** BTF ids of the declarations: FUNC of each program, VAR of each map, parameter and global, by its name. */
  readonly rootTypeIds: Readonly<Record<string, BtfTypeId>>;
}
