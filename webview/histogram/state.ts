/** State kept while the page is hidden, moved or reloaded. JSON, so bounds over 2^53 are text. */
import type { Bucket } from '../../src/shared/decode/model';
import type { SortOrder } from './series';

/** A run saved for comparison: the buckets of every series at that time. */
export interface FrozenRun {
  readonly label: string;
  readonly atMs: number;
  readonly series: ReadonlyMap<string, readonly Bucket[]>;
}

export interface ViewState {
  lastInterval: boolean;
  logCounts: boolean;
  table: boolean;
  selectedId: string | null;
  sort: SortOrder;
  top: number;
  search: string;
  frozen: FrozenRun | null;
  /** The part of the time line that is shown, by the ends of its first and last interval: interval numbers change with each load. */
  range: { readonly fromMs: number; readonly toMs: number } | null;
  /** A pause: of which session (sessionKey), and the end of the newest interval shown. */
  held: { readonly session: string; readonly atMs: number } | null;
}

type SavedBucket = readonly [min: string, max: string, count: number];
export interface SavedState extends Omit<ViewState, 'frozen'> {
  readonly frozen: {
    readonly label: string;
    readonly atMs: number;
    readonly series: readonly (readonly [string, readonly SavedBucket[]])[];
  } | null;
}

function bound(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^\d+$/.test(text) ? number : BigInt(text);
}

export function toSaved(state: ViewState): SavedState {
  const { frozen, ...rest } = state;
  return {
    ...rest,
    frozen: frozen && {
      label: frozen.label,
      atMs: frozen.atMs,
      series: [...frozen.series].map(
        ([id, buckets]) =>
          [id, buckets.map(({ min, max, count }) => [String(min), String(max), count] as const)] as const,
      ),
    },
  };
}

/** The saved state, with defaults for what is missing. */
export function restore(saved: SavedState | undefined): ViewState {
  const frozen = saved?.frozen ?? null;
  return {
    lastInterval: saved?.lastInterval ?? false,
    logCounts: saved?.logCounts ?? false,
    table: saved?.table ?? false,
    selectedId: saved?.selectedId ?? null,
    sort: saved?.sort ?? 'count',
    top: saved?.top ?? 12,
    search: saved?.search ?? '',
    range: saved?.range ?? null,
    held: saved?.held ?? null,
    frozen: frozen && {
      label: frozen.label,
      atMs: frozen.atMs,
      series: new Map(
        frozen.series.map(([id, buckets]) => [
          id,
          buckets.map(([min, max, count]) => ({ min: bound(min), max: bound(max), count })),
        ]),
      ),
    },
  };
}
