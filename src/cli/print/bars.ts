import type { Histogram } from '../../shared/decode/model';

const BAR_WIDTH = 40;

/** A histogram as aligned rows with bars: `|@@@@    |`. */
export function histogramRows(histogram: Histogram): string[] {
  const bounds = histogram.buckets.map(bucket => `${bucket.min} -> ${bucket.max}`);
  const boundsWidth = Math.max(histogram.unit.length + 6, ...bounds.map(text => text.length));
  const countWidth = Math.max(5, ...histogram.buckets.map(bucket => String(bucket.count).length));
  const most = Math.max(1, ...histogram.buckets.map(bucket => bucket.count));
  const key = histogram.key
    ? ` [${Object.entries(histogram.key)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' ')}]`
    : '';
  const title = `${histogram.label}${key}: ${histogram.total} ${histogram.total === 1 ? 'value' : 'values'}`;
  const head = `${(histogram.unit || 'value').padStart(boundsWidth)} : ${'count'.padStart(countWidth)}`;
  const rows = histogram.buckets.map((bucket, index) => {
    const bar = '@'.repeat(Math.round((bucket.count / most) * BAR_WIDTH)).padEnd(BAR_WIDTH);
    return `${(bounds[index] ?? '').padStart(boundsWidth)} : ${String(bucket.count).padStart(countWidth)} |${bar}|`;
  });
  return histogram.buckets.length === 0 ? [title, '  (nothing was counted)'] : [title, head, ...rows];
}
