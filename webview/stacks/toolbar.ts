/** The Stacks page's controls. */
import { element } from '../common/dom';
import { copyButton, pauseToggle, searchField, stateDropdown, stateToggle } from '../common/toolbar';
import { button, type Choice, dropdown, type Toggle } from '../common/toolkit';
import type { StackMap, Weight } from './stack-tree';
import type { ViewState } from './state';

const WEIGHTS = [
  { value: 'count', label: 'By count' },
  { value: 'value', label: 'By value' },
] as const;

export class Toolbar {
  private readonly mapChoice: Choice<string>;
  private readonly weightChoice: Choice<Weight>;
  private readonly reset: HTMLElement;
  readonly matched = element('span', { class: 'muted matched', role: 'status' });
  readonly pause: Toggle;
  readonly left: readonly HTMLElement[];
  readonly right: readonly HTMLElement[];

  constructor(state: ViewState, on: { changed(): void; pause(paused: boolean): void; copy(): void }) {
    const unzoomed = (): void => {
      state.zoom = [];
      on.changed();
    };
    this.mapChoice = dropdown<string>('Stacks', [], '', name => {
      state.map = name;
      unzoomed();
    });
    this.weightChoice = stateDropdown(state, 'weight', 'Width of a frame', WEIGHTS, on.changed);
    const search = searchField(state, 'Search functions', on.changed);
    this.reset = button({ label: 'Reset Zoom', onClick: unzoomed });
    const invert = stateToggle(
      state,
      'inverted',
      { label: 'Invert', title: 'Merge from the innermost function, with its callers below' },
      unzoomed,
    );
    this.pause = pauseToggle('Freeze the picture', on.pause);
    const table = stateToggle(
      state,
      'table',
      { label: 'Functions', icon: 'table', title: 'Show the functions by their own weight' },
      on.changed,
    );
    const copy = copyButton('Copy Folded Stacks', on.copy);
    this.left = [this.mapChoice.element, this.weightChoice.element, search, this.matched];
    this.right = [this.reset, invert.element, this.pause.element, table.element, copy];
  }

  /** `choosable`: the stacks have counts and values. */
  show(
    maps: readonly StackMap[],
    current: StackMap,
    is: { readonly choosable: boolean; readonly zoomed: boolean },
  ): void {
    this.mapChoice.element.hidden = maps.length < 2;
    this.mapChoice.options(maps.map(({ map, label }) => ({ value: map, label })));
    this.mapChoice.set(current.map);
    this.weightChoice.element.hidden = !is.choosable;
    this.reset.toggleAttribute('disabled', !is.zoomed);
  }
}
