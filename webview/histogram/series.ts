/** The histograms of the page, and their order. No DOM. */
import type { Bucket, Histogram } from '../../src/shared/decode/model';
import { keyId } from '../common/fields';
import { p99Factor, percentile } from './percentiles';

/** One histogram on the page: a map, one key of a keyed map, or the sum over its keys. */
export interface Series {
  readonly id: string;
  readonly map: string;
  readonly label: string;
  readonly kind: Histogram['kind'];
  readonly unit: string;
  readonly key: Histogram['key'];
  readonly slots?: Histogram['slots'];
  /** Ascending, without empty buckets. */
  readonly buckets: readonly Bucket[];
  readonly total: number;
}

/** Id of the series of one key. */
export function seriesId({ map, key, ...rest }: Pick<Histogram, 'map' | 'key' | 'id'>): string {
  return key === null ? map : `${map}\u0000${keyId({ key, ...rest })}`;
}

export type SortOrder = 'count' | 'p50' | 'p99' | 'p99-change' | 'max' | 'name';

/**
 * Sorts series as selected: largest first, names ascending. Equal ones are sorted by id, so the order is stable.
 * `frozenOf` returns the saved buckets of a series. A change is a factor, so that fast and slow keys compare; series
 * without a comparison come last.
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
