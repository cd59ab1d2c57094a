/** The histograms as files. Counts are exact integers; bounds inclusive, in the unit as counted. */
import { csvField, jsonValue } from '../common/export';
import type { Series } from './model';

export function histogramsCsv(all: readonly Series[], nameOf: (series: Series) => string): string {
  const lines = ['map,key,unit,min,max,count'];
  for (const series of all) {
    for (const bucket of series.buckets) {
      lines.push(
        [
          series.map,
          nameOf(series),
          series.unit,
          String(bucket.min),
          String(bucket.max),
          String(bucket.count),
        ]
          .map(csvField)
          .join(','),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The shape `bpfw run --json` prints, one line per histogram. */
export function histogramsNdjson(all: readonly Series[]): string {
  return all
    .map(
      ({ map, kind, unit, key, buckets }) =>
        `${JSON.stringify({ type: 'hist', map, kind, unit, key, buckets }, jsonValue)}\n`,
    )
    .join('');
}
