/** Arithmetic on bucket lists: ascending, without empty buckets. No DOM. */
import type { Bucket } from '../../src/shared/decode/model';

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
 * What was added between two states of a map. A count that decreased means the map was cleared in between: then only
 * the new count is known to be added.
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
