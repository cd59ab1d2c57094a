/** Sorts the rows of a stream by a column: runs, then merges, in slices of time. */
import { isScalar } from '../../src/shared/decode/meaning-class';
import type { Field } from '../../src/shared/object/model';
import type { RecordReader } from './record-reader';
import type { RecordStore } from './record-store';
import { inSlices, ROWS_PER_LOOK } from './time-slices';

/** A run is sorted without a break; this size takes a few milliseconds. */
const RUN_ROWS = 4096;
/** Rows merged between two checks of the clock. */
const MERGED_PER_LOOK = 8192;

interface SortKeys {
  /** Row numbers, without marks of lost records. */
  readonly rows: Float64Array;
  /** Compares indexes in `rows`. Equal values keep their order. */
  readonly compare: (a: number, b: number) => number;
}

/** Row numbers in order, without marks of lost records. Null if `cancelled` returned true. */
export async function sortRows(
  store: RecordStore,
  reader: RecordReader,
  field: Field,
  descending: boolean,
  rows: { readonly length: number; at(index: number): number },
  cancelled: () => boolean,
): Promise<Float64Array | null> {
  const goOn = inSlices(cancelled);
  const keys = await readKeys(store, reader, field, descending, rows, goOn);
  const order = keys && (await mergeSort(keys.rows.length, keys.compare, goOn));
  if (!keys || !order) return null;
  const sorted = new Float64Array(order.length);
  for (let index = 0; index < order.length; index++) sorted[index] = keys.rows[order[index] ?? 0] ?? 0;
  return sorted;
}

async function readKeys(
  store: RecordStore,
  reader: RecordReader,
  field: Field,
  descending: boolean,
  rows: { readonly length: number; at(index: number): number },
  goOn: () => Promise<boolean>,
): Promise<SortKeys | null> {
  const numbers = new Float64Array(rows.length);
  const isText = !isScalar(field);
  const texts: string[] = [];
  const keys = new Float64Array(isText ? 0 : rows.length);
  let count = 0;
  for (let index = 0; index < rows.length; index++) {
    const number = rows.at(index);
    const row = store.row(number);
    if (row?.kind === 'record') {
      const value = reader.value(row.view, row.offset, row.length, field);
      numbers[count] = number;
      if (isText) texts.push(typeof value === 'string' ? value : reader.shown(value, field));
      else keys[count] = Number(value);
      count++;
    }
    if (index % ROWS_PER_LOOK === 0 && !(await goOn())) return null;
  }
  const sign = descending ? -1 : 1;
  const compareTexts = (a: number, b: number): number => {
    const left = texts[a] ?? '';
    const right = texts[b] ?? '';
    return (left < right ? -sign : left > right ? sign : 0) || a - b;
  };
  const compareNumbers = (a: number, b: number): number => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || a - b;
  return { rows: numbers.subarray(0, count), compare: isText ? compareTexts : compareNumbers };
}

/** Indexes 0 to `count` in order; null if cancelled. */
async function mergeSort(
  count: number,
  compare: SortKeys['compare'],
  goOn: () => Promise<boolean>,
): Promise<Uint32Array | null> {
  let order = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  for (let start = 0; start < count; start += RUN_ROWS) {
    order.subarray(start, Math.min(count, start + RUN_ROWS)).sort(compare);
    if (!(await goOn())) return null;
  }
  let spare = new Uint32Array(count);
  for (let width = RUN_ROWS; width < count; width *= 2) {
    for (let start = 0; start < count; start += width * 2) {
      const middle = Math.min(count, start + width);
      const end = Math.min(count, start + width * 2);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takeLeft = right >= end || (left < middle && compare(order[left] ?? 0, order[right] ?? 0) <= 0);
        spare[at] = (takeLeft ? order[left++] : order[right++]) ?? 0;
        if (at % MERGED_PER_LOOK === 0 && !(await goOn())) return null;
      }
    }
    [order, spare] = [spare, order];
  }
  return order;
}
