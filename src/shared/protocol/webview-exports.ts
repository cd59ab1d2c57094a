/**
 * The file formats that each panel can export: one list for the button on the page, the command and the documentation.
 * The host requests an export by id ('exportRequest'), the page responds with 'export' or 'notExported'.
 */

export type ExportFormat = 'csv' | 'ndjson' | 'json' | 'svg' | 'png' | 'folded' | 'speedscope';

export interface ExportKind {
  /** Unique within its panel. */
  readonly id: string;
  readonly format: ExportFormat;
  /** Shown in the list of formats. */
  readonly label: string;
  readonly detail: string;
}

const HISTOGRAM = [
  {
    id: 'csv',
    format: 'csv',
    label: 'Buckets (CSV)',
    detail: 'One row per bucket of every key, with exact bounds',
  },
  {
    id: 'timeline-csv',
    format: 'csv',
    label: 'Time Line (CSV)',
    detail: 'One row per interval and key: values, p50, p90, p99, lost records',
  },
  {
    id: 'ndjson',
    format: 'ndjson',
    label: 'Buckets (NDJSON)',
    detail: 'One line per histogram, in the format of bpfw run --json',
  },
  {
    id: 'json',
    format: 'json',
    label: 'Everything (JSON)',
    detail: 'Histograms with percentiles, and the values added in each interval',
  },
  { id: 'svg', format: 'svg', label: 'Histogram (SVG)', detail: 'The bars as shown, as a vector image' },
  { id: 'png', format: 'png', label: 'Histogram (PNG)', detail: 'The bars as shown, as an image' },
  {
    id: 'heatmap-svg',
    format: 'svg',
    label: 'Heat Map (SVG)',
    detail: 'The distribution over time, as a vector image',
  },
  {
    id: 'heatmap-png',
    format: 'png',
    label: 'Heat Map (PNG)',
    detail: 'The distribution over time, as an image',
  },
] as const satisfies readonly ExportKind[];

const EVENTS = [
  { id: 'csv', format: 'csv', label: 'Rows (CSV)', detail: 'The rows as listed, in the same order' },
  {
    id: 'ndjson',
    format: 'ndjson',
    label: 'Rows (NDJSON)',
    detail: 'One line per row, including lost records, in the format of bpfw run --json',
  },
  { id: 'json', format: 'json', label: 'Rows (JSON)', detail: 'One document: columns with units, then rows' },
] as const satisfies readonly ExportKind[];

const STACKS = [
  { id: 'folded', format: 'folded', label: 'Folded Stacks', detail: 'For flamegraph.pl and the like' },
  {
    id: 'speedscope',
    format: 'speedscope',
    label: 'speedscope Profile',
    detail: 'For speedscope (www.speedscope.app or the desktop program)',
  },
  { id: 'csv', format: 'csv', label: 'Functions (CSV)', detail: 'Self and total weight of every function' },
  {
    id: 'json',
    format: 'json',
    label: 'Stacks (JSON)',
    detail: 'Every stack with its frames, key and values',
  },
  { id: 'svg', format: 'svg', label: 'Flame Graph (SVG)', detail: 'As shown, as a vector image' },
  { id: 'png', format: 'png', label: 'Flame Graph (PNG)', detail: 'As shown, as an image' },
] as const satisfies readonly ExportKind[];

const MAPS = [
  { id: 'csv', format: 'csv', label: 'Entries (CSV)', detail: 'The entries as listed, in the same order' },
  { id: 'ndjson', format: 'ndjson', label: 'Entries (NDJSON)', detail: 'One line per entry' },
  {
    id: 'json',
    format: 'json',
    label: 'Entries (JSON)',
    detail: 'One document: columns with units, then entries',
  },
] as const satisfies readonly ExportKind[];

export const EXPORT_KINDS = { histogram: HISTOGRAM, events: EVENTS, stacks: STACKS, maps: MAPS } as const;

export type ExportKindId<Panel extends keyof typeof EXPORT_KINDS> =
  (typeof EXPORT_KINDS)[Panel][number]['id'];
