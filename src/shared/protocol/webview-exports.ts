/**
 * What each panel's page can write as a file: one list for the button on the page, the command and the documentation.
 * The host asks a page for one by its id ('exportRequest'), the page answers with 'export' or 'notExported'.
 */

export type ExportFormat = 'csv' | 'ndjson' | 'json' | 'svg' | 'png' | 'folded' | 'speedscope';

export interface ExportKind {
  /** Unique within its panel. */
  readonly id: string;
  readonly format: ExportFormat;
  /** What a user chooses. */
  readonly label: string;
  readonly detail: string;
}

const HISTOGRAM = [
  { id: 'csv', format: 'csv', label: 'Buckets (CSV)', detail: 'A row per bucket of every key, exact bounds' },
  {
    id: 'timeline-csv',
    format: 'csv',
    label: 'Time Line (CSV)',
    detail: 'A row per interval and key: values, p50, p90, p99, lost records',
  },
  {
    id: 'ndjson',
    format: 'ndjson',
    label: 'Buckets (NDJSON)',
    detail: 'A line per histogram, as bpfw run --json prints',
  },
  {
    id: 'json',
    format: 'json',
    label: 'Everything (JSON)',
    detail: 'Histograms with percentiles, and what each interval added',
  },
  { id: 'svg', format: 'svg', label: 'Histogram (SVG)', detail: 'The bars as shown, as a drawing' },
  { id: 'png', format: 'png', label: 'Histogram (PNG)', detail: 'The bars as shown, as a picture' },
  {
    id: 'heatmap-svg',
    format: 'svg',
    label: 'Heat Map (SVG)',
    detail: 'The distribution over time, as a drawing',
  },
  {
    id: 'heatmap-png',
    format: 'png',
    label: 'Heat Map (PNG)',
    detail: 'The distribution over time, as a picture',
  },
] as const satisfies readonly ExportKind[];

const EVENTS = [
  { id: 'csv', format: 'csv', label: 'Rows (CSV)', detail: 'The rows listed, in their order' },
  {
    id: 'ndjson',
    format: 'ndjson',
    label: 'Rows (NDJSON)',
    detail: 'A line per row, lost records marked, as bpfw run --json prints',
  },
  { id: 'json', format: 'json', label: 'Rows (JSON)', detail: 'One document: columns with units, then rows' },
] as const satisfies readonly ExportKind[];

const STACKS = [
  { id: 'folded', format: 'folded', label: 'Folded Stacks', detail: 'For flamegraph.pl and the like' },
  {
    id: 'speedscope',
    format: 'speedscope',
    label: 'speedscope Profile',
    detail: 'For www.speedscope.app, or the program of that name',
  },
  { id: 'csv', format: 'csv', label: 'Functions (CSV)', detail: 'Own and total weight of every function' },
  {
    id: 'json',
    format: 'json',
    label: 'Stacks (JSON)',
    detail: 'Every stack with its frames, key and numbers',
  },
  { id: 'svg', format: 'svg', label: 'Flame Graph (SVG)', detail: 'As shown, as a drawing' },
  { id: 'png', format: 'png', label: 'Flame Graph (PNG)', detail: 'As shown, as a picture' },
] as const satisfies readonly ExportKind[];

const MAPS = [
  { id: 'csv', format: 'csv', label: 'Entries (CSV)', detail: 'The entries listed, in their order' },
  { id: 'ndjson', format: 'ndjson', label: 'Entries (NDJSON)', detail: 'A line per entry' },
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
