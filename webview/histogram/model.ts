/** What the histogram page shows, computed without a DOM: bins, shares, percentiles, differences. */
import type { Bucket, FieldValue, Histogram } from '../../src/shared/decode/model';
import { percentile as percentileOf } from '../../src/shared/decode/percentile';
import { isUnbounded } from '../common/quantity';

/** One histogram on the page: a map that is one, one key of a keyed map, or the sum over its keys. */
export interface Series {
  readonly id: string;
  readonly map: string;
  readonly label: string;
  readonly kind: Histogram['kind'];
  readonly unit: string;
  readonly key: Histogram['key'];
  /** Ascending, without empty buckets. */
  readonly buckets: readonly Bucket[];
  readonly total: number;
}

/** One bar: true inclusive bounds, with its part of the whole. */
export interface Bar extends Bucket {
  /** count / total, 0 when the total is 0. */
  readonly share: number;
  /** Share of everything up to and including this bar. */
  readonly cumulativeShare: number;
}

export const PERCENTILES = [0.5, 0.9, 0.99, 0.999] as const;
/** The method of shared/decode/percentile.ts, as text for users. */
export const PERCENTILE_METHOD = 'nearest rank, evenly spread within a bucket';

export interface Percentile {
  readonly name: string;
  readonly value: number;
  /** The value is only known to be at least this: it lies in a bucket without an upper bound. */
  readonly atLeast: boolean;
}

/** Id of the series of one key; keys with equal fields in equal order are one series. */
export function seriesId(map: string, key: Readonly<Record<string, FieldValue>> | null): string {
  if (key === null) return map;
  return `${map}\u0000${JSON.stringify(key, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value))}`;
}

export function totalOf(buckets: readonly Bucket[]): number {
  let total = 0;
  for (const bucket of buckets) total += bucket.count;
  return total;
}

/** Sums bucket lists of one map (same slot bounds) into one ascending list without empty buckets. */
export function sumBuckets(lists: Iterable<readonly Bucket[]>): Bucket[] {
  const sums = new Map<number, { min: Bucket['min']; max: Bucket['max']; count: number }>();
  for (const list of lists) {
    for (const bucket of list) {
      const at = Number(bucket.min);
      const sum = sums.get(at);
      if (sum) sum.count += bucket.count;
      else sums.set(at, { ...bucket });
    }
  }
  return [...sums.values()]
    .filter(bucket => bucket.count !== 0)
    .sort((a, b) => Number(a.min) - Number(b.min));
}

/**
 * What was added between two states of a map. A count that fell means the map was cleared in between: then the new
 * count is all that is known to be added.
 */
export function difference(before: readonly Bucket[], after: readonly Bucket[]): Bucket[] {
  const earlier = new Map(before.map(bucket => [Number(bucket.min), bucket.count]));
  const added: Bucket[] = [];
  for (const bucket of after) {
    const was = earlier.get(Number(bucket.min)) ?? 0;
    const count = bucket.count >= was ? bucket.count - was : bucket.count;
    if (count > 0) added.push({ ...bucket, count });
  }
  return added;
}

/** Most bars drawn side by side; finer linear slots are joined, a whole number of slots to a bar. */
export const MOST_BARS = 96;

export interface Bin {
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/**
 * Bounds of the bars to draw for some bucket lists of one map: from the first to the last bucket in use, without gaps,
 * so that an empty slot is seen as empty.
 */
export function commonBins(kind: Histogram['kind'], lists: Iterable<readonly Bucket[]>): Bin[] {
  const used = sumBuckets(lists);
  return kind === 'log2' ? logBins(used) : linearBins(used);
}

function isPowerOfTwo(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value));
}

function logBins(used: readonly Bucket[]): Bin[] {
  // ebpf_exporter's exp2 slots end at powers of two: (2^(i-1), 2^i]; all others end one below.
  const endsAtPower =
    used.some(bucket => Number(bucket.max) > 2) &&
    used.every(
      bucket =>
        Number(bucket.max) <= 2 ||
        isUnbounded(bucket.max) ||
        (isPowerOfTwo(Number(bucket.max)) && !isPowerOfTwo(Number(bucket.min))),
    );
  const bins: Bin[] = [];
  for (const bucket of used) {
    let last = bins.at(-1);
    while (last && Number(last.max) + 1 < Number(bucket.min)) {
      const min: number = Number(last.max) + 1;
      const power = 2 ** Math.floor(Math.log2(Math.max(1, endsAtPower ? min - 1 : min)));
      const max = Math.min(endsAtPower ? 2 * power : 2 * power - 1, Number(bucket.min) - 1);
      last = { min, max: Math.max(min, max) };
      bins.push(last);
    }
    bins.push({ min: bucket.min, max: bucket.max });
  }
  return bins;
}

function linearBins(used: readonly Bucket[]): Bin[] {
  const bounded = used.filter(bucket => !isUnbounded(bucket.max));
  const first = bounded[0];
  const last = bounded.at(-1);
  const open = used.filter(bucket => isUnbounded(bucket.max)).map(({ min, max }) => ({ min, max }));
  if (!first || !last) return open;
  const step = Math.min(...bounded.map(bucket => Number(bucket.max) - Number(bucket.min) + 1));
  const start = Number(first.min);
  const overflow = open[0];
  const end = overflow ? Math.max(Number(last.max) + 1, Number(overflow.min)) : Number(last.max) + 1;
  const slots = Math.max(1, Math.round((end - start) / step));
  const width = step * Math.ceil(slots / MOST_BARS);
  const bins: Bin[] = [];
  for (let min = start; min < end; min += width) bins.push({ min, max: Math.min(min + width, end) - 1 });
  return [...bins, ...open];
}

/** Buckets laid into bins (each bucket lies within one bin), with shares. */
export function barsOf(buckets: readonly Bucket[], bins: readonly Bin[]): Bar[] {
  const counts = countsInBins(buckets, bins);
  const total = totalOf(buckets);
  let seen = 0;
  return bins.map((bin, index) => {
    const count = counts[index] ?? 0;
    seen += count;
    return { ...bin, count, share: total ? count / total : 0, cumulativeShare: total ? seen / total : 0 };
  });
}

/** Counts per bin; a bucket below or above all bins is not counted. */
export function countsInBins(buckets: readonly Bucket[], bins: readonly Bin[]): Float64Array {
  const counts = new Float64Array(bins.length);
  let at = 0;
  for (const bucket of buckets) {
    while (at < bins.length - 1 && Number(bucket.min) > Number(bins[at]?.max)) at++;
    const bin = bins[at];
    if (bin && bucket.min >= bin.min && (bucket.min <= bin.max || isUnbounded(bin.max)))
      counts[at] = (counts[at] ?? 0) + bucket.count;
  }
  return counts;
}

/** One percentile by the method of shared/decode; null without values. */
export function percentile(buckets: readonly Bucket[], quantile: number): Percentile | null {
  const percent = Number((quantile * 100).toFixed(3));
  const value = percentileOf(buckets, percent);
  if (value === null) return null;
  const last = buckets.at(-1);
  return {
    name: `p${percent}`,
    value,
    atLeast: last !== undefined && isUnbounded(last.max) && value >= Number(last.min),
  };
}

/** p50, p90, p99, p99.9 and the upper bound of the last bucket in use, as far as there are values. */
export function summary(buckets: readonly Bucket[]): Percentile[] {
  const last = buckets.findLast(bucket => bucket.count > 0);
  const points = PERCENTILES.map(quantile => percentile(buckets, quantile)).filter(point => point !== null);
  if (!last) return points;
  const open = isUnbounded(last.max);
  return [...points, { name: 'max', value: Number(open ? last.min : last.max), atLeast: open }];
}

/** Where a value lies among bins, in bins: 2.5 is the middle of the third. */
export function positionInBins(value: number, bins: readonly Bin[]): number {
  for (let index = 0; index < bins.length; index++) {
    const bin = bins[index];
    if (!bin) break;
    const low = Number(bin.min);
    if (value < low) return index;
    if (isUnbounded(bin.max)) return index + 0.5;
    const high = Number(bin.max);
    if (value <= high + 1)
      return index + Math.min(1, (value - low + (high === low ? 0.5 : 0)) / (high - low + 1));
  }
  return bins.length;
}

/** How many times as large p99 is now as it was; null without values on either side. */
export function p99Factor(now: readonly Bucket[], was: readonly Bucket[]): number | null {
  const [high, before] = [now, was].map(buckets => percentile(buckets, 0.99)?.value ?? 0);
  return high && before ? high / before : null;
}

export type SortOrder = 'count' | 'p50' | 'p99' | 'p99-change' | 'max' | 'name';

/**
 * Series by the wish of the user: largest first, names ascending. The order of equals is by id, so it stays put.
 * `frozenOf` has the buckets that were set aside of a series. A change is a factor, so that keys fast and slow compare;
 * what has nothing to be compared with comes last.
 */
export function sortSeries<S extends Series>(
  all: readonly S[],
  order: SortOrder,
  nameOf: (series: S) => string,
  frozenOf: (series: S) => readonly Bucket[] | null = () => null,
): S[] {
  const weight = (series: S): number => {
    if (order === 'count') return series.total;
    if (order === 'p99-change') return p99Factor(series.buckets, frozenOf(series) ?? []) ?? -1;
    if (order === 'p50') return percentile(series.buckets, 0.5)?.value ?? -1;
    if (order === 'p99') return percentile(series.buckets, 0.99)?.value ?? -1;
    return Number(series.buckets.at(-1)?.max ?? -1);
  };
  const names = new Intl.Collator('en', { numeric: true });
  if (order === 'name') return [...all].sort((a, b) => names.compare(nameOf(a), nameOf(b)));
  return all
    .map(series => ({ series, weight: weight(series) }))
    .sort((a, b) => b.weight - a.weight || (a.series.id < b.series.id ? -1 : 1))
    .map(({ series }) => series);
}
