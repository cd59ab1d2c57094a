import type { SavedReadings } from '../common/held-readings';
import type { Weight } from './stack-tree';

/** What the page remembers while it is hidden, moved or reloaded. */
export interface ViewState {
  map: string | null;
  weight: Weight;
  inverted: boolean;
  table: boolean;
  search: string;
  zoom: readonly string[];
  /** What a pause holds still. */
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
