/** State kept while the page is hidden, moved or reloaded. */
import type { Bucket } from '../../src/shared/decode/model';
import { packMessage, unpackMessage } from '../../src/shared/protocol/webview-codec';
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

const FIRST_STATE: ViewState = {
  lastInterval: false,
  logCounts: false,
  table: false,
  selectedId: null,
  sort: 'count',
  top: 12,
  search: '',
  frozen: null,
  range: null,
  held: null,
};

export interface SavedState extends Omit<ViewState, 'frozen'> {
  /** The run saved for comparison, packed as in webview-codec; its series as entries. */
  readonly setAside: unknown;
}

export function toSaved({ frozen, ...rest }: ViewState): SavedState {
  return { ...rest, setAside: packMessage(frozen && { ...frozen, series: [...frozen.series] }) };
}

/** The saved state, with defaults for what is missing. */
export function restore(saved: SavedState | undefined): ViewState {
  const { setAside = null, ...rest } = saved ?? {};
  const run = unpackMessage(setAside) as
    | (Omit<FrozenRun, 'series'> & { readonly series: readonly (readonly [string, readonly Bucket[]])[] })
    | null;
  return { ...FIRST_STATE, ...rest, frozen: run && { ...run, series: new Map(run.series) } };
}
