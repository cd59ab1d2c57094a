/** The keys of a histogram: small charts to select from, with search and sort. */
import { element, setText } from '../common/dom';
import { formatCount } from '../common/quantity';
import { searchField, stateDropdown } from '../common/toolbar';
import { dropdown } from '../common/toolkit';
import type { PageLayout } from './selection';
import type { ViewState } from './state';
import { Tiles } from './tiles';

const SORTS = [
  { value: 'count', label: 'Most values' },
  { value: 'p99', label: 'Highest p99' },
  { value: 'p99-change', label: 'p99 rose most' },
  { value: 'p50', label: 'Highest p50' },
  { value: 'max', label: 'Highest max' },
  { value: 'name', label: 'Name' },
] as const;
const TOPS = [6, 12, 24, 48, 96].map(count => ({ value: String(count), label: `Top ${count}` }));
/** Fewer keys need no search. */
const LEAST_TO_SEARCH = 5;

export class KeysPane {
  private readonly found = element('span', { class: 'muted', role: 'status' });
  private readonly controls: HTMLElement;
  private readonly tiles: Tiles;
  readonly element: HTMLElement;

  constructor(
    private readonly state: ViewState,
    changed: () => void,
  ) {
    const search = searchField(state, 'Search keys', changed);
    const sort = stateDropdown(state, 'sort', 'Sort', SORTS, changed);
    const top = dropdown<string>('Show', TOPS, String(state.top), value => {
      state.top = Number(value);
      changed();
    });
    this.tiles = new Tiles(id => {
      state.selectedId = id;
      changed();
    });
    this.controls = element('div', { class: 'key-controls' }, search, sort.element, top.element, this.found);
    this.element = element(
      'section',
      { class: 'pane keys', 'aria-label': 'Keys' },
      this.controls,
      this.tiles.element,
    );
  }

  /** Hidden if there is nothing to select. */
  draw({ tiles, hiddenKeys, seriesCount, selected }: PageLayout): void {
    const { search, sort, frozen } = this.state;
    this.element.hidden = tiles.length + hiddenKeys <= 1 && search === '';
    this.controls.hidden = seriesCount < LEAST_TO_SEARCH && search === '';
    const notes = hiddenKeys > 0 ? [`${formatCount(hiddenKeys)} more`] : [];
    if (sort === 'p99-change' && frozen === null)
      notes.push('Press Compare first, to set the counts to compare with.');
    setText(this.found, notes.join(' '));
    this.tiles.draw(tiles, selected?.series.id ?? null);
  }
}
