/** The histograms as files. Counts are exact integers; bounds inclusive, in the original unit. */
import type { jsonRecord } from '../../src/shared/decode/json-value';
import { csvText } from '../../src/shared/text/cells';
import { jsonLine, jsonText } from '../common/export';
import type { ExportedFile } from '../common/panel-frame';
import { totalOf } from './buckets';
import type { HistogramHistory } from './history';
import { PERCENTILE_METHOD, percentile, summary } from './percentiles';
import type { Series } from './series';

export function histogramsCsv(all: readonly Series[], nameOf: (series: Series) => string): string {
  return csvText(
    ['map', 'key', 'unit', 'min', 'max', 'count'],
    all.flatMap(series =>
      series.buckets.map(({ min, max, count }) => [
        series.map,
        nameOf(series),
        series.unit,
        ...[min, max, count].map(String),
      ]),
    ),
  );
}

/** A series' key as JSON contains it. */
export type KeyOf = (series: Series) => ReturnType<typeof jsonRecord> | null;

/** The format `bpfw run --json` prints, one line per histogram. */
export function histogramsNdjson(all: readonly Series[], keyOf: KeyOf): string {
  return all
    .map(series => {
      const { map, kind, unit, buckets } = series;
      return jsonLine({ type: 'hist', map, kind, unit, key: keyOf(series), buckets });
    })
    .join('');
}

/** One row per interval and series that grew in it; times are ISO 8601 in UTC, percentiles in the series' unit. */
export function timelineFile(
  history: HistogramHistory,
  nameOf: (series: Series) => string,
): ExportedFile | null {
  if (history.isEmpty) return null;
  const all = history.series({ kind: 'all' });
  const rows = history.timeline.flatMap(step =>
    all.flatMap(series => {
      const added = step.added.get(series.id);
      if (!added) return [];
      const times = [step.fromMs, step.toMs].map(atMs => new Date(atMs).toISOString());
      const values = [0.5, 0.9, 0.99].map(quantile => percentile(added, quantile)?.value ?? '');
      const numbers = [totalOf(added), ...values, step.lost].map(String);
      return [[...times, series.map, nameOf(series), series.unit, ...numbers]];
    }),
  );
  const headings = ['from', 'to', 'map', 'key', 'unit', 'values', 'p50', 'p90', 'p99', 'lost'];
  return { format: 'csv', name: 'time-line', content: csvText(headings, rows) };
}

/** `series`: of the span shown, which `span` describes; the time line: all intervals still kept. */
export function everythingFile(
  history: HistogramHistory,
  series: readonly Series[],
  nameOf: (series: Series) => string,
  keyOf: KeyOf,
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
      key: keyOf(each),
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
        return buckets ? [{ map: each.map, key: keyOf(each), buckets }] : [];
      }),
    })),
  });
  return { format: 'json', name: 'histograms', content };
}
