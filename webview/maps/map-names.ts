/** The list of the program's tables. Arrow keys move the selection, which is shown immediately. */
import { element, setAttributes, setText } from '../common/dom';
import { formatCount } from '../common/quantity';
import type { LiveTable } from './live-table';

export class MapNames {
  readonly element = element('div', {
    class: 'map-names',
    role: 'listbox',
    'aria-label': 'Maps',
    tabindex: 0,
  });
  private tables: readonly LiveTable[] = [];
  private current: LiveTable | null = null;

  constructor(private readonly choose: (table: LiveTable) => void) {
    this.element.addEventListener('keydown', event => {
      const at = this.current ? this.tables.indexOf(this.current) : -1;
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      const next = this.tables[at + step];
      if (step === 0 || !next) return;
      event.preventDefault();
      choose(next);
    });
  }

  draw(tables: readonly LiveTable[], current: LiveTable): void {
    this.tables = tables;
    this.current = current;
    while (this.element.childElementCount > tables.length) this.element.lastElementChild?.remove();
    tables.forEach((table, index) => {
      const option = this.element.children[index] ?? this.newOption(index);
      const [name, count] = option.children;
      setAttributes(option, { 'aria-selected': String(table === current), 'data-map': table.id });
      option.classList.toggle('bookkeeping', table.why !== '');
      if (name) setText(name, table.label);
      if (count) setText(count, formatCount(table.rows.length));
      if (table === current) setAttributes(this.element, { 'aria-activedescendant': option.id });
    });
  }

  private newOption(index: number): HTMLElement {
    const option = element(
      'div',
      { role: 'option', id: `map-${index}` },
      element('span', { class: 'map-name' }),
      element('span', { class: 'map-count' }),
    );
    option.addEventListener('click', () => {
      const chosen = this.tables[index];
      if (chosen) this.choose(chosen);
    });
    this.element.append(option);
    return option;
  }
}
