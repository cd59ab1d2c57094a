import type { SavedReadings } from '../common/held-readings';
import type { Weight } from './stack-tree';

/** State kept while the page is hidden, moved or reloaded. */
export interface ViewState {
  map: string | null;
  weight: Weight;
  inverted: boolean;
  table: boolean;
  search: string;
  zoom: readonly string[];
  /** The readings held by a pause. */
  held: SavedReadings | null;
}

export const FIRST_STATE: ViewState = {
  map: null,
  weight: 'count',
  inverted: false,
  table: false,
  search: '',
  zoom: [],
  held: null,
};
