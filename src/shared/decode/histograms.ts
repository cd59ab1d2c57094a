import { hexDigits } from '../bytes/hex';
import type { BpfObject, KeySlotPlace, MapDefinition } from '../object/model';
import { ChangedEntries } from './changed-entries';
import { type DecodedKey, decodeKey, readUint64 } from './field';
import { type HistogramView, type SlotBounds, slotBounds } from './histogram-slots';
import { firstContent, type MapContent } from './map-content';
import { completeEntries, cpuStride, valueStride } from './map-values';
import type { Bucket, Histogram } from './model';

function slotsOf({ convention, conventionAssumed: assumed, slotCount: count }: HistogramView) {
  return convention === 'linear' ? {} : { slots: { convention, assumed, count } };
}

const NO_KEY = { id: '', key: null } as const;

/**
 * Decodes the histograms of a map that is read repeatedly: one if the map's entries are the slots, else one per key.
 * Counts of all CPUs are summed. A keyed histogram without counts is omitted; a map that is a single histogram always
 * has it. Maps with another view have none. An unchanged histogram stays the same object.
 */
export class HistogramDecoder {
  private readonly bounds: SlotBounds[] = [];
  private readonly perEntry = new ChangedEntries<Histogram>();
  private shown: readonly Histogram[] = [];
  /** Entries without counts, possibly with some that no longer exist. While it is empty, no search is needed. */
  private readonly empty = new Set<number>();

  /** `cpus` is the number of possible CPUs (ignored unless the map is per CPU). */
  constructor(
    private readonly map: MapDefinition,
    private readonly cpus: number,
  ) {
    const { view } = map;
    if (view.kind !== 'histogram') return;
    // Computed once, because it needs 64-bit integers and is the same for every histogram of the map.
    for (let slot = 0; slot < view.slotCount; slot++) this.bounds.push(slotBounds(view, slot));
  }

  decode(content: MapContent): readonly Histogram[] {
    const { view } = this.map;
    if (view.kind !== 'histogram') return [];
    const { keys, values } = content;
    const count = completeEntries(this.map, keys, values, content.count, this.cpus);
    const slots = new SlotReader(this.map, view, values, this.cpus);
    if (view.inKey) return this.ofKeys(view, view.inKey, keys, count, slots);
    if (view.slotsAreEntries) return [this.ofEntries(view, keys, count, slots)];
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const isChanged = this.perEntry.update(content, count, entry =>
      this.ofEntry(view, keyView, entry, slots),
    );
    if (isChanged || this.shown.length === 0) {
      const { entries } = this.perEntry;
      if (entries.length === 0 && view.key === null) this.shown = [this.histogram(view, NO_KEY, () => 0)];
      else if (view.key === null || this.empty.size === 0) this.shown = entries.slice();
      else this.shown = entries.filter(histogram => histogram.total > 0);
    }
    return this.shown;
  }

  private ofEntries(view: HistogramView, keys: Uint8Array, count: number, slots: SlotReader): Histogram {
    const { keySize } = this.map;
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const counts = new Float64Array(view.slotCount);
    for (let entry = 0; entry < count; entry++) {
      // The keys of an array map are its u32 indexes.
      const slot = keySize === 4 ? keyView.getUint32(entry * 4, true) : entry;
      if (slot < counts.length) counts[slot] = (counts[slot] ?? 0) + slots.sum(entry, 0);
    }
    return this.histogram(view, NO_KEY, slot => counts[slot] ?? 0);
  }

  /** One histogram for each key without its slot; none that has no counts, except a single one. */
  private ofKeys(
    view: HistogramView,
    inKey: KeySlotPlace,
    keys: Uint8Array,
    count: number,
    slots: SlotReader,
  ): readonly Histogram[] {
    const { keySize } = this.map;
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const found = new Map<string, { start: number; counts: Float64Array; sum: number }>();
    for (let entry = 0; entry < count; entry++) {
      const start = entry * keySize;
      const before = hexDigits(keys, '', start, start + inKey.offset);
      const id = before + hexDigits(keys, '', start + inKey.offset + inKey.size, start + keySize);
      const one = found.get(id) ?? { start, counts: new Float64Array(view.slotCount), sum: 0 };
      found.set(id, one);
      const place = start + inKey.offset;
      const slot = inKey.size === 8 ? Number(readUint64(keyView, place)) : keyView.getUint32(place, true);
      const amount = slots.sum(entry, 0);
      if (slot === inKey.sum) one.sum += amount;
      else if (slot < one.counts.length) one.counts[slot] = (one.counts[slot] ?? 0) + amount;
    }
    if (view.key === null && found.size === 0) return [this.histogram(view, NO_KEY, () => 0)];
    return [...found].map(([id, { start, counts, sum }]) => {
      const key = view.key === null ? NO_KEY : { id, key: decodeKey(keyView, start, view.key, keySize).key };
      const histogram = this.histogram(view, key, slot => counts[slot] ?? 0);
      return inKey.sum === null ? histogram : { ...histogram, sum };
    });
  }

  private ofEntry(view: HistogramView, keyView: DataView, entry: number, slots: SlotReader): Histogram {
    const { keySize } = this.map;
    const start = entry * keySize;
    const key = view.key === null ? NO_KEY : decodeKey(keyView, start, view.key, keySize);
    const histogram = this.histogram(view, key, slot => slots.sum(entry, slot));
    if (histogram.total > 0) this.empty.delete(entry);
    else this.empty.add(entry);
    return histogram;
  }

  private histogram(
    view: HistogramView,
    key: DecodedKey | typeof NO_KEY,
    countOf: (slot: number) => number,
  ): Histogram {
    const buckets: Bucket[] = [];
    let total = 0;
    for (let slot = 0; slot < view.slotCount; slot++) {
      const count = countOf(slot);
      const bounds = this.bounds[slot];
      if (count === 0 || !bounds) continue;
      buckets.push({ min: bounds.min, max: bounds.max, count });
      total += count;
    }
    const { name, label } = this.map;
    return { map: name, label, kind: view.scale, unit: view.unit, ...key, buckets, total, ...slotsOf(view) };
  }
}

/** Decodes the histograms of one snapshot like HistogramDecoder. */
export function decodeHistograms(
  map: MapDefinition,
  keys: Uint8Array,
  values: Uint8Array,
  count: number,
  cpus: number,
): readonly Histogram[] {
  return new HistogramDecoder(map, cpus).decode(firstContent(keys, values, count));
}

/** Decodes the histograms in the globals of one section, from its map's only value; arrays of histograms are keyed by index. */
export function decodeGlobalHistograms(
  object: Pick<BpfObject, 'globals'>,
  section: string,
  bytes: Uint8Array,
): Histogram[] {
  return object.globals.flatMap(global => {
    const { histogram, name } = global;
    if (!histogram || global.section !== section || global.hidden) return [];
    const { view, copies, stride } = histogram;
    const keys = new Uint8Array(Uint32Array.from({ length: copies }, (_, index) => index).buffer);
    const values = bytes.subarray(global.offset, global.offset + copies * stride);
    // A layout of one value has the declaration's label; fields of several values have their own.
    const [field, ...others] = global.layout.fields;
    const label = field && others.length === 0 && field.label !== field.name ? field.label : name;
    const array: MapDefinition = {
      name,
      label,
      type: 2,
      typeName: 'array',
      keySize: 4,
      valueSize: stride,
      maxEntries: copies,
      flags: 0,
      perCpu: false,
      view,
      entries: null,
    };
    return decodeHistograms(array, keys, values, copies, 1);
  });
}

/** Reads one slot of one entry, summed over CPUs. */
class SlotReader {
  private readonly view: DataView;
  private readonly stride: number;
  private readonly perCpu: number;
  private readonly copies: number;

  constructor(
    map: MapDefinition,
    private readonly histogram: HistogramView,
    values: Uint8Array,
    cpus: number,
  ) {
    this.view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    this.stride = valueStride(map, cpus);
    this.perCpu = cpuStride(map);
    this.copies = map.perCpu ? cpus : 1;
  }

  sum(entry: number, slot: number): number {
    const { slotSize, slotsOffset } = this.histogram;
    let at = entry * this.stride + slotsOffset + slot * slotSize;
    let sum = 0;
    for (let copy = 0; copy < this.copies; copy++, at += this.perCpu) {
      // Slots beyond the value (a view that does not match its map) count 0.
      if (at + slotSize > this.view.byteLength) break;
      sum += slotSize === 8 ? Number(readUint64(this.view, at)) : this.view.getUint32(at, true);
    }
    return sum;
  }
}
