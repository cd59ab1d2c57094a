import type { Bucket } from './model';

/**
 * Computes percentiles from bucket counts.
 *
 * Method: with n samples the p-th percentile is the sample of rank ceil(p / 100 * n) (nearest rank). Its bucket is
 * known, its position within it is not: samples are assumed to be evenly spread over the bucket, the j-th of m at
 * min + (max - min) * (j - 0.5) / m. So the error is at most the bucket's width, and a bucket with one value is exact.
 * For an open top bucket (up to 2^64 - 1) the result is its lower bound. null for each percent when there are no samples.
 *
 * `buckets` must be ascending and must not overlap.
 */
export function percentiles(buckets: readonly Bucket[], percents: readonly number[]): (number | null)[] {
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  return percents.map(percent =>
    total === 0 ? null : atRank(buckets, Math.max(1, Math.ceil((percent / 100) * total))),
  );
}

/** The value of one percentile; null without samples. */
export function percentile(buckets: readonly Bucket[], percent: number): number | null {
  return percentiles(buckets, [percent])[0] ?? null;
}

function atRank(buckets: readonly Bucket[], rank: number): number | null {
  let before = 0;
  let last: number | null = null;
  for (const bucket of buckets) {
    const min = Number(bucket.min);
    if (rank <= before + bucket.count) {
      if (bucket.max === 0xffffffffffffffffn) return min;
      return min + ((Number(bucket.max) - min) * (rank - before - 0.5)) / bucket.count;
    }
    before += bucket.count;
    last = Number(bucket.max);
  }
  // Reached only through rounding of a fractional rank.
  return last;
}
