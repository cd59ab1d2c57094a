/** The Stacks page's controls. */
import { element } from '../common/dom';
import { copyButton, pauseToggle, stateToggle } from '../common/toolbar';
import { button, type Choice, dropdown, type Toggle, textField } from '../common/toolkit';
import type { StackMap, Weight } from './stack-tree';
import type { ViewState } from './state';

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
    this.weightChoice = dropdown<Weight>(
      'Width of a frame',
      [
        { value: 'count', label: 'By count' },
        { value: 'value', label: 'By value' },
      ],
      state.weight,
      value => {
        state.weight = value;
        on.changed();
      },
    );
    const search = textField('Search functions', 'Search functions', text => {
      state.search = text;
      on.changed();
    });
    search.set(state.search);
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
    this.left = [this.mapChoice.element, this.weightChoice.element, search.element, this.matched];
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
