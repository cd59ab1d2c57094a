import type { SortChoice } from '../common/toolbar';
import type { GridPlace } from './record-grid';

/** What the page remembers while it is hidden, moved or reloaded. Sessions are named as sessionKey says. */
export interface ViewState {
  stream: string | null;
  filter: string;
  sort: SortChoice | null;
  follow: boolean;
  /** Paused streams: how many records each had, by name. */
  held: { readonly session: string; readonly records: Readonly<Record<string, number>> } | null;
  /** What is in view and chosen, as records before it (RecordStore.recordsBefore); -1 for none. */
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
