import type { SavedReadings } from '../common/held-readings';
import type { SortChoice } from '../common/toolbar';

/** What the page remembers while it is hidden, moved or reloaded. */
export interface ViewState {
  table: string | null;
  search: string;
  sort: SortChoice | null;
  /** What a pause holds still. */
  held: SavedReadings | null;
}

export const FIRST_STATE: ViewState = { table: null, search: '', sort: null, held: null };
