/** The histograms as files. Counts are exact integers; bounds inclusive, in the original unit. */
import { csvLine } from '../../src/shared/text/cells';
import { jsonLine, jsonText } from '../common/export';
import type { ExportedFile } from '../common/panel-frame';
import { totalOf } from './buckets';
import type { HistogramHistory } from './history';
import { PERCENTILE_METHOD, percentile, summary } from './percentiles';
import type { Series } from './series';

export function histogramsCsv(all: readonly Series[], nameOf: (series: Series) => string): string {
  const lines = ['map,key,unit,min,max,count'];
  for (const series of all) {
    for (const bucket of series.buckets) {
      lines.push(
        csvLine([
          series.map,
          nameOf(series),
          series.unit,
          String(bucket.min),
          String(bucket.max),
          String(bucket.count),
        ]),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The format `bpfw run --json` prints, one line per histogram. */
export function histogramsNdjson(all: readonly Series[]): string {
  return all
    .map(({ map, kind, unit, key, buckets }) => jsonLine({ type: 'hist', map, kind, unit, key, buckets }))
    .join('');
}

/** One row per interval and series that grew in it; times are ISO 8601 in UTC, percentiles in the series' unit. */
export function timelineFile(
  history: HistogramHistory,
  nameOf: (series: Series) => string,
): ExportedFile | null {
  if (history.isEmpty) return null;
  const lines = ['from,to,map,key,unit,values,p50,p90,p99,lost'];
  const all = history.series({ kind: 'all' });
  for (const step of history.timeline) {
    for (const series of all) {
      const added = step.added.get(series.id);
      if (!added) continue;
      lines.push(
        csvLine([
          new Date(step.fromMs).toISOString(),
          new Date(step.toMs).toISOString(),
          series.map,
          nameOf(series),
          series.unit,
          String(totalOf(added)),
          ...[0.5, 0.9, 0.99].map(quantile => String(percentile(added, quantile)?.value ?? '')),
          String(step.lost),
        ]),
      );
    }
  }
  return { format: 'csv', name: 'time-line', content: `${lines.join('\n')}\n` };
}

/** `series`: of the span shown, which `span` describes; the time line: all intervals still kept. */
export function everythingFile(
  history: HistogramHistory,
  series: readonly Series[],
  nameOf: (series: Series) => string,
  span: string,
): ExportedFile {
  const content = jsonText({
    span,
    percentiles: PERCENTILE_METHOD,
    histograms: series.map(each => ({
      map: each.map,
      label: each.label,
      name: nameOf(each),
      kind: each.kind,
      unit: each.unit,
      key: each.key,
      total: each.total,
      buckets: each.buckets,
      percentiles: Object.fromEntries(summary(each.buckets).map(({ name, value }) => [name, value])),
    })),
    timeline: history.timeline.map(step => ({
      from: new Date(step.fromMs).toISOString(),
      to: new Date(step.toMs).toISOString(),
      lost: step.lost,
      added: series.flatMap(each => {
        const buckets = step.added.get(each.id);
        return buckets ? [{ map: each.map, key: each.key, buckets }] : [];
      }),
    })),
  });
  return { format: 'json', name: 'histograms', content };
}
