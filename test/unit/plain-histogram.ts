import type { Histogram } from '../../src/shared/decode/model';

/** A log2 histogram of microseconds without a key; its total is that of its buckets. `part` says what differs. */
export const plainHistogram = (
  buckets: Histogram['buckets'],
  part: Partial<Omit<Histogram, 'buckets'>> = {},
): Histogram => ({
  map: 'dist',
  label: 'Latency',
  kind: 'log2',
  unit: 'us',
  key: null,
  buckets,
  total: buckets.reduce((sum, { count }) => sum + count, 0),
  ...part,
});
