import type { Btf, BtfTypeId } from '../btf/btf-model';
import { dropsByName } from './drop-counters';
import { BPF_F_STACK_BUILD_ID, BPF_F_WRONLY, isArrayMap, isListableMap } from './map-types';
import type { DeclaredMap } from './maps';
import type { EntryLayouts, GlobalHistogram, MapView, RecordLayout, SlotConvention } from './model';
import { layoutOf, scalarStorage, typedefsOf, untypedLayout } from './record-layout';
import type { Tags } from './tags';

/** Slots are not looked for in bigger structs. */
const MAX_VALUE_MEMBERS = 256;

const CONVENTIONS: readonly SlotConvention[] = ['bpfw', 'bcc', 'libbpf-tools', 'exp2', 'linear'];
/** Typedefs of one slot, and how their index counts (Inspektor Gadget's get_slot_idx, bits.bpf.h, equals ours). */
const SLOT_TYPEDEFS: Readonly<Record<string, SlotConvention>> = {
  bpfw_slot: 'bpfw',
  gadget_histogram_slot__u32: 'bpfw',
  gadget_histogram_slot__u64: 'bpfw',
  bpfw_linear_slot: 'linear',
};
const HISTOGRAM_NAME = /^(hist|hists|dist|dists|histogram|slots|buckets)\d*$|_(hist|dist|histogram|slots)$/;
/** Maps that programs keep for themselves: start times, scratch space, values carried from entry to return. */
const INTERNAL_NAME =
  /^(__|start|starts|start_?(ts|time|times|ns|map)?|begin|entry|entries_?ts|inflight|in_flight|infotmp|scratch|heap|tmp|temp|stash|cookies|zero|buf|buffer|args|argstmp|exec_start|currsock|sockets|birth|births)$|^(start|tmp|temp|scratch|heap)_|_(start|starts|start_ts|scratch|heap|tmp|temp|stash|args|buf)$/;
const PROFILE_TYPES: Readonly<Record<string, string>> = {
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

type HistogramView = Extract<MapView, { kind: 'histogram' }>;

/** What views need beyond the map itself. */
export interface ViewContext {
  readonly btf: Btf;
  readonly mapNames: ReadonlySet<string>;
  /** The record a buffer's programs write, if it can be told; see event-records.ts. */
  readonly recordOf: (map: string) => RecordLayout | null;
  /** True when some program writes records to the map. */
  readonly isWritten: (map: string) => boolean;
}

/** Decides what a panel does with a map: tags first, then types, then names. */
export function inferView(map: DeclaredMap, context: ViewContext): MapView {
  const { definition, tags } = map;
  const { name, type, typeName, valueSize, flags } = definition;
  if (typeName === 'ringbuf') return { kind: 'events', record: context.recordOf(name) };
  if (typeName === 'perf_event_array') {
    // The same map type also holds counters for bpf_perf_event_read.
    if (context.isWritten(name) || tags.has('record'))
      return { kind: 'events', record: context.recordOf(name) };
    return { kind: 'internal', why: 'performance counters' };
  }
  if (typeName === 'stack_trace') {
    const buildId = (flags & BPF_F_STACK_BUILD_ID) !== 0;
    return { kind: 'stacks', depth: Math.floor(valueSize / (buildId ? 32 : 8)), buildId };
  }
  if (!isListableMap(type)) return { kind: 'internal', why: PROFILE_TYPES[typeName] ?? `a ${typeName} map` };
  if (tags.has('hidden')) return { kind: 'internal', why: 'marked hidden' };

  const histogram = histogramView(map, context.btf);
  if (histogram) return histogram;
  const drops = dropsView(map, context);
  if (drops) return drops;
  const why = internalReason(map, context.btf);
  if (why !== null) return { kind: 'internal', why };
  return { kind: 'table', ...entryLayouts(map, context.btf) };
}

/** null for a map whose entries the kernel does not list, or that has nothing to show them by. */
export function listedEntries(map: DeclaredMap, btf: Btf): EntryLayouts | null {
  const { type, flags } = map.definition;
  if (!isListableMap(type) || (flags & BPF_F_WRONLY) !== 0 || hasNoTypes(map)) return null;
  return entryLayouts(map, btf);
}

function entryLayouts({ definition, tags, keyType, valueType }: DeclaredMap, btf: Btf): EntryLayouts {
  return {
    key: keyType === null ? untypedLayout(definition.keySize) : layoutOf(btf, keyType),
    value: valueType === null ? untypedLayout(definition.valueSize) : layoutOf(btf, valueType, tags),
  };
}

/**
 * A global as histograms: an array of counters named or tagged like one, a struct with such slots, or an array of
 * such structs (the key is then the index). null for anything else.
 */
export function globalHistogram(
  btf: Btf,
  typeId: BtfTypeId,
  name: string,
  tags: Tags,
): GlobalHistogram | null {
  const type = btf.type(btf.resolve(typeId));
  const isList = type.kind === 'array' && btf.kind(btf.resolve(type.type)) === 'struct';
  const one = isList ? type.type : typeId;
  const slots = findSlots(btf, one);
  if (!slots?.inValue) return null;
  const wanted = tags.get('hist');
  if (wanted === null && slots.convention === null && !slots.named && !HISTOGRAM_NAME.test(name)) return null;
  const copies = isList ? type.count : 1;
  const view = histogramOf(slots, tags, slots.count, copies > 1 ? untypedLayout(4) : null);
  return { view, copies, stride: btf.sizeOf(one) };
}

interface Slots {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
  /** null: the value itself is one slot. */
  readonly inValue: boolean;
  readonly convention: SlotConvention | null;
  readonly named: boolean;
}

function histogramView(map: DeclaredMap, btf: Btf): MapView | null {
  const { definition, tags } = map;
  const wanted = tags.get('hist');
  const slots = map.valueType === null ? null : findSlots(btf, map.valueType);
  if (!slots) return null;
  const isArray = isArrayMap(definition.type);
  if (!slots.inValue && !isArray) return null;
  const named = HISTOGRAM_NAME.test(definition.name);
  const inferred =
    slots.convention !== null || (slots.inValue ? slots.named : named && definition.maxEntries > 2);
  if (wanted === null && !inferred) return null;

  const single = !slots.inValue || (isArray && definition.maxEntries <= 1);
  const key = map.keyType === null ? untypedLayout(definition.keySize) : layoutOf(btf, map.keyType);
  return histogramOf(slots, tags, slots.inValue ? slots.count : definition.maxEntries, single ? null : key);
}

function histogramOf(slots: Slots, tags: Tags, slotCount: number, key: RecordLayout | null): HistogramView {
  const wanted = tags.get('hist');
  const isLinear = wanted === null && slots.convention === 'linear';
  const scale = wanted === 'linear' || wanted === 'percentiles' ? wanted : isLinear ? 'linear' : 'log2';
  const tagged = CONVENTIONS.find(convention => convention === tags.get('slots'));
  const untagged = wanted === null ? (slots.convention ?? 'libbpf-tools') : 'bpfw';
  return {
    kind: 'histogram',
    scale,
    convention: scale === 'log2' ? (tagged ?? untagged) : 'linear',
    slotsAreEntries: !slots.inValue,
    slotCount,
    slotsOffset: slots.offset,
    slotSize: slots.size,
    step: Math.max(1, Number(tags.integer('step') ?? 1n)),
    base: Number(tags.integer('base') ?? 0n),
    lastIsOverflow: scale !== 'log2',
    unit: tags.get('unit') ?? '',
    key,
  };
}

/** The value itself when it is a counter, an array of counters, or the struct member that is the best such array. */
function findSlots(btf: Btf, valueType: BtfTypeId): Slots | null {
  const value = btf.type(btf.resolve(valueType));
  const own = slotsOfType(btf, valueType, 0, false);
  if (own) return own;
  if (value.kind !== 'struct' || value.members.length > MAX_VALUE_MEMBERS) return null;
  const candidates: Slots[] = [];
  for (const member of value.members) {
    if (member.bitSize !== 0) continue;
    const slots = slotsOfType(
      btf,
      member.type,
      member.bitOffset / 8,
      /^(slots|hist|histogram|buckets|latency_hist)$/.test(member.name),
    );
    if (slots?.inValue) candidates.push(slots);
  }
  return candidates.find(slots => slots.convention !== null) ?? candidates.find(slots => slots.named) ?? null;
}

function slotsOfType(btf: Btf, typeId: BtfTypeId, offset: number, named: boolean): Slots | null {
  const type = btf.type(btf.resolve(typeId));
  const element = type.kind === 'array' ? type.type : typeId;
  const storage = scalarStorage(btf.type(btf.resolve(element)));
  if (storage?.storage !== 'u32' && storage?.storage !== 'u64') return null;
  if (btf.kind(btf.resolve(element)) === 'ptr') return null;
  const typedef = [...typedefsOf(btf, typeId), ...typedefsOf(btf, element)].find(name => SLOT_TYPEDEFS[name]);
  const convention = typedef === undefined ? null : (SLOT_TYPEDEFS[typedef] ?? null);
  const count = type.kind === 'array' ? type.count : 1;
  return { offset, size: storage.size, count, inValue: type.kind === 'array', convention, named };
}

function dropsView(map: DeclaredMap, { btf, mapNames }: ViewContext): MapView | null {
  const { definition, tags, valueType } = map;
  const tagged = tags.get('drops');
  if (valueType === null || !isArrayMap(definition.type) || definition.maxEntries !== 1) return null;
  const storage = scalarStorage(btf.type(btf.resolve(valueType)))?.storage;
  if (storage !== 'u32' && storage !== 'u64') return null;
  if (tagged !== null) return { kind: 'drops', of: tagged };
  const of = dropsByName(definition.name, mapNames);
  return of === undefined ? null : { kind: 'drops', of };
}

function internalReason({ definition, valueType, keyType }: DeclaredMap, btf: Btf): string | null {
  const { name } = definition;
  if (name.startsWith('__bpf_usdt')) return "libbpf's own bookkeeping of USDT probes";
  if (INTERNAL_NAME.test(name)) return "the program's own bookkeeping";
  if (valueType !== null && btf.kind(btf.resolve(valueType)) === 'ptr')
    return 'kernel addresses the program keeps for itself';
  if (
    isArrayMap(definition.type) &&
    definition.maxEntries === 1 &&
    /^(event|events|data|record|rec|key|value|val)s?$/.test(name)
  ) {
    return 'scratch space of the program';
  }
  if (hasNoTypes({ definition, valueType, keyType })) return 'no types to show it by';
  return null;
}

function hasNoTypes({
  definition,
  valueType,
  keyType,
}: Pick<DeclaredMap, 'definition' | 'valueType' | 'keyType'>) {
  return keyType === null && valueType === null && definition.keySize === 0;
}
