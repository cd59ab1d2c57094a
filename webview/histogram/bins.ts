/** The bars to draw for some buckets: bounds without gaps, with counts and shares. No DOM. */
import type { Bucket, Histogram } from '../../src/shared/decode/model';
import { isUnbounded } from '../common/quantity';
import { sumBuckets, totalOf } from './buckets';

/** One bar: exact inclusive bounds, with its share of the total. */
export interface Bar extends Bucket {
  /** count / total, 0 if the total is 0. */
  readonly share: number;
  /** Share of everything up to and including this bar. */
  readonly cumulativeShare: number;
}

/** Maximum number of bars drawn side by side; finer linear slots are joined, a whole number of slots to a bar. */
export const MOST_BARS = 96;

export interface Bin {
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/**
 * Bounds of the bars to draw for some bucket lists of one map: from the first to the last bucket in use, without gaps,
 * so that an empty slot is visible.
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

/** Distributes buckets over bins (each bucket lies within one bin), with shares. */
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

/** Counts per bin; a bucket outside all bins is not counted. */
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

/** Position of a value, measured in bins: 2.5 is the middle of the third. */
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
