import { frameBytes } from '../bpf/assumed-sizes';
import {
  HISTOGRAM_NAME,
  LOG2_CONVENTIONS,
  mapRole,
  SLOT_TYPEDEFS,
  SLOTS_MEMBER,
  type SlotFacts,
} from '../bpf/map-role';
import { BPF_F_STACK_BUILD_ID, BPF_F_WRONLY, isArrayMap, isListableMap } from '../bpf/map-types';
import type { Btf, BtfTypeId } from '../btf/btf-model';
import type { FoundRecord } from './event-records';
import { keySlots } from './key-slots';
import type { DeclaredMap } from './maps';
import type { EntryLayouts, GlobalHistogram, KeySlotPlace, MapView, RecordLayout } from './model';
import { layoutOf, scalarStorage, untypedLayout } from './record-layout';
import type { KeyPart } from './register-values';
import type { Tags } from './tags';
import { typedefsOf } from './type-names';

/** Slots are not searched in bigger structs. */
const MAX_VALUE_MEMBERS = 256;

type HistogramView = Extract<MapView, { kind: 'histogram' }>;

/** Input for views other than the map itself. */
export interface ViewContext {
  readonly btf: Btf;
  readonly mapNames: ReadonlySet<string>;
  /** The record type of a buffer, if known; see event-records.ts. */
  readonly recordOf: (map: string) => FoundRecord | null;
  /** True when some program writes records to the map. */
  readonly isWritten: (map: string) => boolean;
  /** What the programs store in the keys of maps. */
  readonly keyParts: readonly KeyPart[];
}

/** How panels show a map, by its role, and why. */
export function inferView(
  map: DeclaredMap,
  { btf, mapNames, recordOf, isWritten, keyParts }: ViewContext,
): { readonly view: MapView; readonly why: string } {
  const { definition, tags, valueType } = map;
  const { name, typeName, valueSize, flags } = definition;
  const inKey = tags.has('hidden') ? null : keySlots(map, btf, keyParts);
  if (inKey)
    return {
      view: keySlotView(map, inKey, btf),
      why: 'what programs store in its keys: the index of a slot',
    };
  const role = mapRole(
    {
      name,
      type: typeName,
      maxEntries: definition.maxEntries,
      isHidden: tags.has('hidden'),
      isHistogram: tags.has('hist'),
      drops: tags.get('drops'),
      isWritten: isWritten(name) || tags.has('record'),
      slots: valueType === null ? null : findSlots(btf, valueType),
      valueIsPointer: valueType !== null && btf.kind(btf.resolve(valueType)) === 'ptr',
      hasTypes: hasTypes(map),
    },
    mapNames,
  );
  const byType = `its type, ${typeName}`;
  switch (role.kind) {
    case 'events': {
      const record = recordOf(name);
      const ofRecord = record
        ? `, and as ${record.layout.typeName} because of ${record.why}`
        : '; no type of its records is known';
      return { view: { kind: 'events', record: record?.layout ?? null }, why: byType + ofRecord };
    }
    case 'stacks': {
      const buildId = (flags & BPF_F_STACK_BUILD_ID) !== 0;
      const depth = Math.floor(valueSize / frameBytes(flags));
      return { view: { kind: 'stacks', depth, buildId }, why: byType };
    }
    case 'histogram':
      return { view: histogramView(map, role.slots, btf), why: histogramWhy(map, role.slots) };
    case 'table':
      return { view: { kind: 'table', ...entryLayouts(map, btf) }, why: byType };
    case 'drops':
      return { view: role, why: tags.has('drops') ? 'the tag drops' : `its name, ${name}` };
    default:
      return { view: role, why: `what it is: ${role.why}` };
  }
}

/** null for a map whose entries cannot be listed, or that has no types. */
export function listedEntries(map: DeclaredMap, btf: Btf): EntryLayouts | null {
  const { typeName, flags } = map.definition;
  if (!isListableMap(typeName) || (flags & BPF_F_WRONLY) !== 0 || !hasTypes(map)) return null;
  return entryLayouts(map, btf);
}

function entryLayouts({ definition, tags, keyType, valueType }: DeclaredMap, btf: Btf): EntryLayouts {
  return {
    key: keyType === null ? untypedLayout(definition.keySize) : layoutOf(btf, keyType),
    value: valueType === null ? untypedLayout(definition.valueSize) : layoutOf(btf, valueType, tags),
  };
}

/**
 * A global that contains histograms: an array of counters that is named or tagged as a histogram, a struct with such
 * slots, or an array of such structs (the key is then the index). null for anything else.
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

interface Slots extends SlotFacts {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function histogramView({ definition, tags, keyType }: DeclaredMap, slots: Slots, btf: Btf): MapView {
  const single = !slots.inValue || (isArrayMap(definition.typeName) && definition.maxEntries <= 1);
  const key = keyType === null ? untypedLayout(definition.keySize) : layoutOf(btf, keyType);
  return histogramOf(slots, tags, slots.inValue ? slots.count : definition.maxEntries, single ? null : key);
}

/** Slots of a u64 on a log2 scale, where no entry behind the last one tells how many there are. */
const LOG2_SLOTS = 64;

function keySlotView({ definition, tags, keyType }: DeclaredMap, inKey: KeySlotPlace, btf: Btf): MapView {
  const whole = keyType === null ? untypedLayout(definition.keySize) : layoutOf(btf, keyType);
  const fields = whole.fields.filter(field => field.offset !== inKey.offset);
  const key = fields.some(field => !field.hidden) ? { ...whole, fields } : null;
  const size = definition.valueSize === 4 ? 4 : 8;
  const counter: Slots = { offset: 0, size, count: 1, inValue: true, convention: null, named: false };
  return { ...histogramOf(counter, tags, inKey.sum ?? LOG2_SLOTS, key), inKey };
}

function histogramWhy({ definition, tags }: DeclaredMap, { convention, named }: Slots): string {
  if (tags.has('hist')) return `the tag hist=${tags.get('hist')}`;
  if (convention !== null) return 'the type of its slots';
  return named ? 'the name of the member with its slots' : `its name, ${definition.name}`;
}

function histogramOf(slots: Slots, tags: Tags, slotCount: number, key: RecordLayout | null): HistogramView {
  const wanted = tags.get('hist');
  const isLinear = wanted === null && slots.convention === 'linear';
  const scale = wanted === 'linear' || wanted === 'percentiles' ? wanted : isLinear ? 'linear' : 'log2';
  const tagged = LOG2_CONVENTIONS.find(convention => convention === tags.get('slots'));
  const untagged = wanted === null ? (slots.convention ?? 'libbpf-tools') : 'bpfw';
  return {
    kind: 'histogram',
    scale,
    convention: scale === 'log2' ? (tagged ?? untagged) : 'linear',
    conventionAssumed: scale === 'log2' && !tagged && wanted === null && slots.convention === null,
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

/** The slots: the value itself when it is a counter or an array of counters, or the best such array among its members. */
function findSlots(btf: Btf, valueType: BtfTypeId): Slots | null {
  const value = btf.type(btf.resolve(valueType));
  const own = slotsOfType(btf, valueType, 0, false);
  if (own) return own;
  if (value.kind !== 'struct' || value.members.length > MAX_VALUE_MEMBERS) return null;
  const candidates: Slots[] = [];
  for (const member of value.members) {
    if (member.bitSize !== 0) continue;
    const slots = slotsOfType(btf, member.type, member.bitOffset / 8, SLOTS_MEMBER.test(member.name));
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

const hasTypes = ({ definition, valueType, keyType }: DeclaredMap): boolean =>
  keyType !== null || valueType !== null || definition.keySize !== 0;
