import type { SortChoice } from '../common/toolbar';
import type { GridPlace } from './record-grid';

/** State kept while the page is hidden, moved or reloaded. Sessions are identified by sessionKey. */
export interface ViewState {
  stream: string | null;
  filter: string;
  sort: SortChoice | null;
  follow: boolean;
  /** Paused streams: how many records each had, by name. */
  held: { readonly session: string; readonly records: Readonly<Record<string, number>> } | null;
  /** The rows in view and selected, as numbers of preceding records (RecordStore.recordsBefore); -1 for none. */
  place: (GridPlace & { readonly session: string; readonly stream: string; readonly detail: boolean }) | null;
}

export const FIRST_STATE: ViewState = {
  stream: null,
  filter: '',
  sort: null,
  follow: true,
  held: null,
  place: null,
};
