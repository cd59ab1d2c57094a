/** The completions at a text field's caret, as a list below it. */
import { element, setAttributes } from '../common/dom';
import type { Completion } from './filter';

/** Id of the list and, with a number, of each item. */
const LIST_ID = 'filter-list';
const ITEM_ID = 'filter-item';

export class Suggestions {
  readonly element = element('div', {
    class: 'suggestions',
    role: 'listbox',
    id: LIST_ID,
    'aria-label': 'Columns',
    hidden: true,
  });
  private items: readonly Completion[] = [];
  private active = -1;

  /** `onAccept` receives the item the user picked. */
  constructor(
    private readonly input: HTMLInputElement,
    private readonly onAccept: (item: Completion) => void,
  ) {
    setAttributes(input, {
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': LIST_ID,
    });
  }

  get isOpen(): boolean {
    return this.items.length > 0;
  }

  /** Closes the list if there are none. */
  show(items: readonly Completion[]): void {
    this.items = items;
    this.element.hidden = items.length === 0;
    setAttributes(this.input, { 'aria-expanded': String(items.length > 0) });
    this.element.replaceChildren(...items.map((item, index) => this.option(item, index)));
    this.mark(-1);
  }

  close(): void {
    this.show([]);
  }

  /** Marks the next or previous item, wrapping around. */
  move(step: 1 | -1): void {
    this.mark((this.active + step + this.items.length) % this.items.length);
  }

  /** Accepts the marked item; false if there is none. */
  accept(): boolean {
    const item = this.items[this.active];
    if (item) this.onAccept(item);
    return item !== undefined;
  }

  private mark(active: number): void {
    this.active = active;
    [...this.element.children].forEach((child, at) => {
      setAttributes(child, { 'aria-selected': String(at === active) });
    });
    this.element.children[active]?.scrollIntoView({ block: 'nearest' });
    setAttributes(this.input, { 'aria-activedescendant': active < 0 ? null : `${ITEM_ID}-${active}` });
  }

  private option(item: Completion, index: number): HTMLElement {
    const option = element(
      'div',
      { role: 'option', id: `${ITEM_ID}-${index}` },
      element('span', {}, item.text),
      element('span', { class: 'muted' }, item.detail),
    );
    // mousedown comes before the blur that a click would cause.
    option.addEventListener('mousedown', event => {
      event.preventDefault();
      this.onAccept(item);
    });
    return option;
  }
}
