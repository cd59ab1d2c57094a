/**
 * What a map is for, by its tags, then its types, then its name: one rule for the panels, which know the object's BTF,
 * and for the editor, which knows the source.
 */
import { dropsByName } from './drop-counters';
import { isArrayMap, isListableMap } from './map-types';

/** How a histogram's slot index translates to values; see docs of each in histogram-slots.ts. */
export type SlotConvention = 'bpfw' | 'bcc' | 'libbpf-tools' | 'exp2' | 'linear';

/** The conventions of log2 slots. */
export const LOG2_CONVENTIONS = [
  'bpfw',
  'bcc',
  'libbpf-tools',
  'exp2',
] as const satisfies readonly SlotConvention[];
export type Log2Convention = (typeof LOG2_CONVENTIONS)[number];

/** What slot k counts, for users. */
export const SLOT_RULES: Readonly<Record<Log2Convention, string>> = {
  bpfw: 'slot 0 counts 0, slot k counts 2^(k-1) to 2^k - 1',
  bcc: 'slot 1 counts 0 and 1, slot k counts 2^(k-1) to 2^k - 1',
  'libbpf-tools': 'slot 0 counts 0 and 1, slot k counts 2^k to 2^(k+1) - 1',
  exp2: 'slot 0 counts 0 and 1, slot k counts 2^(k-1) + 1 to 2^k',
};

/** Typedefs of one slot, and how their index counts (Inspektor Gadget's get_slot_idx, bits.bpf.h, equals ours). */
export const SLOT_TYPEDEFS: Readonly<Record<string, SlotConvention>> = {
  bpfw_slot: 'bpfw',
  gadget_histogram_slot__u32: 'bpfw',
  gadget_histogram_slot__u64: 'bpfw',
  bpfw_linear_slot: 'linear',
};
/** Members of a value that are slots, when they are an array of counters. */
export const SLOTS_MEMBER = /^(slots|hist|histogram|buckets|latency_hist)$/;
/** Maps and variables that are histograms by their names. */
export const HISTOGRAM_NAME =
  /^(hist|hists|dist|dists|histogram|slots|buckets)\d*$|_(hist|dist|histogram|slots)$/;

/** Maps that programs keep for themselves: start times, scratch space, values carried from entry to return. */
const INTERNAL_NAME =
  /^(__|start|starts|start_?(ts|time|times|ns|map)?|begin|entry|entries_?ts|inflight|in_flight|infotmp|scratch|heap|tmp|temp|stash|cookies|zero|buf|buffer|args|argstmp|exec_start|currsock|sockets|birth|births)$|^(start|tmp|temp|scratch|heap)_|_(start|starts|start_ts|scratch|heap|tmp|temp|stash|args|buf)$/;
/** The one entry of an array in which a record is put together. */
const SCRATCH_NAME = /^(event|events|data|record|rec|key|value|val)s?$/;
const UNLISTED_TYPES: Readonly<Record<string, string>> = {
  prog_array: 'programs to tail-call',
  cgroup_array: 'control groups to compare with',
  array_of_maps: 'other maps',
  hash_of_maps: 'other maps',
  bloom_filter: 'a set that cannot be listed',
  queue: 'a queue between programs',
  stack: 'a stack between programs',
  user_ringbuf: 'a buffer from user space to the program',
  struct_ops: 'kernel operations',
};

/** Counters in a map's value, of 4 or 8 bytes without sign. */
export interface SlotFacts {
  /** False: the value itself is one. */
  readonly inValue: boolean;
  readonly convention: SlotConvention | null;
  /** By SLOTS_MEMBER. */
  readonly named: boolean;
}

export interface MapFacts<Slots extends SlotFacts = SlotFacts> {
  readonly name: string;
  /** As map-types.ts names it. */
  readonly type: string;
  /** null: not known. */
  readonly maxEntries: number | null;
  /** BPFW_HIDDEN. */
  readonly isHidden: boolean;
  /** BPFW_LOG2 and the like. */
  readonly isHistogram: boolean;
  /** The map whose lost records it counts, by its tag; null without one. */
  readonly drops: string | null;
  /** Some program writes records to it. */
  readonly isWritten: boolean;
  readonly slots: Slots | null;
  readonly valueIsPointer: boolean;
  /** Types or sizes of keys and values are known. */
  readonly hasTypes: boolean;
}

export type MapRole<Slots extends SlotFacts = SlotFacts> =
  | { readonly kind: 'events' | 'stacks' | 'table' }
  | { readonly kind: 'histogram'; readonly slots: Slots }
  /** `of`: null when it does not say which map. */
  | { readonly kind: 'drops'; readonly of: string | null }
  /** Not in a panel of its own; `why` completes "it is ...". */
  | { readonly kind: 'internal'; readonly why: string };

/** `maps`: the names of all maps of the object. */
export function mapRole<Slots extends SlotFacts>(
  map: MapFacts<Slots>,
  maps: ReadonlySet<string>,
): MapRole<Slots> {
  const { name, type, slots } = map;
  if (type === 'ringbuf') return { kind: 'events' };
  // The same map type also holds counters for bpf_perf_event_read.
  if (type === 'perf_event_array')
    return map.isWritten ? { kind: 'events' } : internal('performance counters');
  if (type === 'stack_trace') return { kind: 'stacks' };
  if (!isListableMap(type)) return internal(UNLISTED_TYPES[type] ?? `a ${type} map`);
  if (map.isHidden) return internal('marked hidden');
  if (slots && isShownByAmount(map, slots)) return { kind: 'histogram', slots };
  const isOne = isArrayMap(type) && map.maxEntries === 1;
  if (isOne && slots && !slots.inValue) {
    const of = map.drops ?? dropsByName(name, maps);
    if (of !== undefined) return { kind: 'drops', of };
  }
  if (name.startsWith('__bpf_usdt')) return internal("libbpf's own bookkeeping of USDT probes");
  if (INTERNAL_NAME.test(name)) return internal("the program's own bookkeeping");
  if (map.valueIsPointer) return internal('kernel addresses the program keeps for itself');
  if (isOne && SCRATCH_NAME.test(name)) return internal('scratch space of the program');
  return map.hasTypes ? { kind: 'table' } : internal('no types to show it by');
}

const internal = (why: string): MapRole<never> => ({ kind: 'internal', why });

/** Slots are the entries of an array, or an array in each value. */
function isShownByAmount({ name, type, maxEntries, isHistogram }: MapFacts, slots: SlotFacts): boolean {
  if (!slots.inValue && !isArrayMap(type)) return false;
  if (isHistogram || slots.convention !== null) return true;
  return slots.inValue ? slots.named : HISTOGRAM_NAME.test(name) && (maxEntries ?? Infinity) > 2;
}
