/** Percentiles of buckets, and their comparison. No DOM. */
import type { Bucket } from '../../src/shared/decode/model';
import { percentile as percentileOf } from '../../src/shared/decode/percentile';
import { isUnbounded } from '../common/quantity';

export const PERCENTILES = [0.5, 0.9, 0.99, 0.999] as const;
/** The method of shared/decode/percentile.ts, as text for users. */
export const PERCENTILE_METHOD = 'nearest rank, evenly spread within a bucket';

export interface Percentile {
  readonly name: string;
  readonly value: number;
  /** The value is a lower bound: it lies in a bucket without an upper bound. */
  readonly atLeast: boolean;
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

/** p50, p90, p99, p99.9 and the upper bound of the last bucket in use; those that have values. */
export function summary(buckets: readonly Bucket[]): Percentile[] {
  const last = buckets.findLast(bucket => bucket.count > 0);
  const points = PERCENTILES.map(quantile => percentile(buckets, quantile)).filter(point => point !== null);
  if (!last) return points;
  const open = isUnbounded(last.max);
  return [...points, { name: 'max', value: Number(open ? last.min : last.max), atLeast: open }];
}

/** Ratio of the current p99 to the earlier one; null without values on either side. */
export function p99Factor(now: readonly Bucket[], was: readonly Bucket[]): number | null {
  const [high, before] = [now, was].map(buckets => percentile(buckets, 0.99)?.value ?? 0);
  return high && before ? high / before : null;
}
