import type { SavedReadings } from '../common/held-readings';
import type { SortChoice } from '../common/toolbar';

/** State kept while the page is hidden, moved or reloaded. */
export interface ViewState {
  table: string | null;
  search: string;
  sort: SortChoice | null;
  /** The readings held by a pause. */
  held: SavedReadings | null;
}

export const FIRST_STATE: ViewState = { table: null, search: '', sort: null, held: null };
