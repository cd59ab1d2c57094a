import type { Field, MapDefinition, RecordLayout } from '../object/model';
import { untypedLayout } from '../object/record-layout';
import { ChangedEntries } from './changed-entries';
import { decodeField, decodeKey, decodeRecord } from './field';
import { firstContent, type MapContent } from './map-content';
import { completeEntries, cpuStride, valueStride } from './map-values';
import type { FieldValue, MapEntry } from './model';

/** Meanings whose numbers may be summed over CPUs. */
const ADDITIVE: ReadonlySet<Field['meaning']> = new Set([
  'plain',
  'count',
  'bytes',
  'kib',
  'duration-ns',
  'duration-us',
  'duration-ms',
]);

/**
 * Decodes the entries of a map that is read repeatedly, in their order. Per-CPU values are merged: numbers that count or
 * measure are summed, fields named max* and min* keep the extreme, everything else (names, ids, times) is taken from the
 * first CPU whose value is not all zero. Maps without types are decoded as numbers or bytes, depending on their size. An
 * unchanged entry stays the same object.
 */
export class EntryDecoder {
  private readonly keyLayout: RecordLayout;
  private readonly valueLayout: RecordLayout;
  private readonly perEntry = new ChangedEntries<MapEntry>();
  private shown: readonly MapEntry[] = [];

  /** `cpus` is the number of possible CPUs (ignored unless the map is per CPU). */
  constructor(
    private readonly map: MapDefinition,
    private readonly cpus: number,
  ) {
    const layouts = map.view.kind === 'table' ? map.view : map.entries;
    this.keyLayout = layouts?.key ?? untypedLayout(map.keySize);
    this.valueLayout = layouts?.value ?? untypedLayout(map.valueSize);
  }

  decode(content: MapContent): readonly MapEntry[] {
    const { map, cpus, keyLayout, valueLayout } = this;
    const { keys, values } = content;
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength);
    const stride = valueStride(map, cpus);
    const count = completeEntries(map, keys, values, content.count, cpus);
    const isChanged = this.perEntry.update(content, count, entry => {
      const keyStart = entry * map.keySize;
      const start = entry * stride;
      return {
        ...decodeKey(keyView, keyStart, keyLayout, map.keySize),
        value: map.perCpu
          ? mergeCpus(valueView, start, cpuStride(map), cpus, map.valueSize, valueLayout)
          : decodeRecord(valueView, start, valueLayout, start + map.valueSize),
      };
    });
    if (isChanged) this.shown = this.perEntry.entries.slice();
    return this.shown;
  }
}

/** Decodes the entries of one snapshot like EntryDecoder. */
export function decodeEntries(
  map: MapDefinition,
  keys: Uint8Array,
  values: Uint8Array,
  count: number,
  cpus: number,
): readonly MapEntry[] {
  return new EntryDecoder(map, cpus).decode(firstContent(keys, values, count));
}

function mergeCpus(
  view: DataView,
  start: number,
  stride: number,
  cpus: number,
  size: number,
  layout: RecordLayout,
): Record<string, FieldValue> {
  const used: number[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = start + cpu * stride;
    for (let i = 0; i < size; i++) {
      if (view.getUint8(at + i) === 0) continue;
      used.push(at);
      break;
    }
  }
  const first = used[0] ?? start;
  const record: Record<string, FieldValue> = {};
  for (const field of layout.fields) {
    const read = (at: number) => decodeField(view, at, field, at + size);
    record[field.name] = merge(field, used.length === 0 ? [read(first)] : used.map(read));
  }
  return record;
}

/** `values` has at least one element, from the CPUs with a value. */
function merge(field: Field, values: readonly FieldValue[]): FieldValue {
  const [first = 0, ...others] = values;
  if (!ADDITIVE.has(field.meaning)) return first;
  const name = field.name.slice(field.name.lastIndexOf('.') + 1);
  if (Array.isArray(first)) {
    return first.map((_, i) => values.map(value => elementAt(value, i)).reduce(add));
  }
  if (!isNumber(first)) return first;
  const numbers = others.filter(isNumber);
  if (/^max/i.test(name) || /_max$/i.test(name)) return extreme(first, numbers, 1);
  if (/^min/i.test(name) || /_min$/i.test(name)) return extreme(first, numbers, -1);
  return numbers.reduce(add, first);
}

/** The largest (sign 1) or smallest (sign -1); numbers and bigints compare by value. */
function extreme(
  first: number | bigint,
  others: readonly (number | bigint)[],
  sign: 1 | -1,
): number | bigint {
  let best = first;
  for (const other of others) {
    if (sign === 1 ? other > best : other < best) best = other;
  }
  return best;
}

function elementAt(value: FieldValue, index: number): number | bigint {
  const element = Array.isArray(value) ? value[index] : 0;
  return isNumber(element) ? element : 0;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function add(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return sum <= 0x1fffffffffffffn && sum >= -0x1fffffffffffffn ? Number(sum) : sum;
}
