import type { BpfObject, MapDefinition } from '../object/model';
import { decodeRecord, readUint64 } from './field';
import { type HistogramView, slotBounds } from './histogram-slots';
import { completeEntries, cpuStride, valueStride } from './map-values';
import type { Bucket, Histogram } from './model';

/**
 * The histograms a snapshot of a map holds: one for a map whose entries are the slots, else one per key. Counts of
 * all CPUs are added up. A keyed histogram without a single count is left out; a map that is one histogram always
 * gives it. Maps with another view give none. `cpus` is the number of possible CPUs (ignored unless perCpu).
 */
export function decodeHistograms(
  map: MapDefinition,
  keys: Uint8Array,
  values: Uint8Array,
  count: number,
  cpus: number,
): Histogram[] {
  const { view } = map;
  if (view.kind !== 'histogram') return [];
  const entries = completeEntries(map, keys, values, count, cpus);
  const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  const slots = new SlotReader(map, view, values, cpus);

  if (view.slotsAreEntries) {
    const counts = new Float64Array(view.slotCount);
    for (let entry = 0; entry < entries; entry++) {
      // The keys of an array map are its u32 indexes.
      const slot = map.keySize === 4 ? keyView.getUint32(entry * 4, true) : entry;
      if (slot < counts.length) counts[slot] = (counts[slot] ?? 0) + slots.sum(entry, 0);
    }
    return [histogramOf(map, view, null, counts)];
  }

  const histograms: Histogram[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const counts = new Float64Array(view.slotCount);
    for (let slot = 0; slot < counts.length; slot++) counts[slot] = slots.sum(entry, slot);
    const start = entry * map.keySize;
    const key = view.key === null ? null : decodeRecord(keyView, start, view.key, start + map.keySize);
    const histogram = histogramOf(map, view, key, counts);
    if (histogram.total > 0 || key === null) histograms.push(histogram);
  }
  if (view.key === null && histograms.length === 0)
    histograms.push(histogramOf(map, view, null, new Float64Array(0)));
  return histograms;
}

/** The histograms kept in the globals of one section, out of its map's only value; keyed by index where there are several. */
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
    // A layout of one value carries the declaration's label; of several, their own.
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
    };
    return decodeHistograms(array, keys, values, copies, 1);
  });
}

/** Reads one slot of one entry, added up over CPUs. */
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
      // A view that does not fit its map (slots beyond the value) counts nothing.
      if (at + slotSize > this.view.byteLength) break;
      sum += slotSize === 8 ? Number(readUint64(this.view, at)) : this.view.getUint32(at, true);
    }
    return sum;
  }
}

function histogramOf(
  map: MapDefinition,
  view: HistogramView,
  key: Histogram['key'],
  counts: Float64Array,
): Histogram {
  const buckets: Bucket[] = [];
  let total = 0;
  for (const [slot, count] of counts.entries()) {
    if (count === 0) continue;
    buckets.push({ ...slotBounds(view, slot), count });
    total += count;
  }
  return { map: map.name, label: map.label, kind: view.scale, unit: view.unit, key, buckets, total };
}
