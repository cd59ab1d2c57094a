/**
 * A list of any length as a grid: headings that sort, rows that exist only while they are in view, columns as wide as
 * the texts seen in them, keyboard navigation. A page's own grid defines what a row is and which one is active.
 */
import type { Field } from '../../src/shared/object/model';
import { ColumnWidths } from './column-widths';
import { element, setAttributes, setText } from './dom';
import { isCopyKey, placeAfter } from './keys';
import type { SortChoice } from './toolbar';
import { VirtualList } from './virtual-list';

/** As in grid.css. */
const ROW_PX = 22;
const HEAD_PX = 26;

export interface GridColumn {
  readonly id: string;
  readonly label: string;
  /** Class of every cell, and of the heading. */
  readonly className: string;
  readonly field: Field;
  /** Maximum column width in characters. */
  readonly most: number;
  /** Where its unit is told by its name alone: shows the field with its unit again (null), or without. */
  readonly showAs?: (as: 'plain' | null) => void;
}

export abstract class ListGrid {
  private readonly head = element('div', { class: 'grid-row grid-head', role: 'row' });
  private readonly body = element('div', { class: 'grid-body', role: 'rowgroup' });
  readonly element: HTMLElement;
  protected readonly list: VirtualList;
  private readonly widths: ColumnWidths;
  private columns: readonly GridColumn[] = [];
  private count = 0;

  constructor(label: string) {
    this.element = element(
      'div',
      { class: 'grid', role: 'grid', 'aria-label': label, tabindex: 0 },
      element('div', { role: 'rowgroup', class: 'grid-head-group' }, this.head),
      this.body,
    );
    this.widths = new ColumnWidths(this.element);
    this.list = new VirtualList({
      scroller: this.element,
      body: this.body,
      rowHeightPx: ROW_PX,
      headHeightPx: HEAD_PX,
      createRow: () => this.createRow(),
      drawRow: (row, index) => this.drawRow(row, index),
      drawn: () => this.widths.apply(),
      onScroll: () => this.scrolled(),
    });
    this.element.addEventListener('keydown', event => this.key(event));
  }

  /** Draws a row: its attributes, and its cells with setCells. */
  protected abstract drawRow(row: HTMLElement, index: number): void;
  /** The user moves to a row of the list; `extend`: and selects the rows between. */
  protected abstract activate(index: number, extend: boolean): void;
  /** Index of the active row, from which the key moves; -1 for none. */
  protected abstract activeIndex(key: string): number;
  protected abstract sort(column: string): void;
  protected abstract copy(): void;
  /** The user scrolled the list. */
  protected scrolled(): void {}

  /** Starts over with other columns. `lastFills`: the last one takes the remaining space. */
  protected setColumns(columns: readonly GridColumn[], lastFills: boolean): void {
    this.columns = columns;
    this.widths.reset(
      columns.map(({ label, most, field }) => ({ heading: field.byName ? `${label}  ` : label, most })),
      lastFills,
    );
    setAttributes(this.element, { 'aria-colcount': columns.length });
    this.head.replaceChildren(...columns.map(column => this.heading(column)));
    this.list.reset();
  }

  /** Shows the sort order in the headings. */
  showSort(sort: SortChoice | null): void {
    for (const heading of this.head.children) {
      const own = heading.getAttribute('data-column') === sort?.column;
      setAttributes(heading, { 'aria-sort': own ? (sort?.descending ? 'descending' : 'ascending') : 'none' });
    }
  }

  protected setCount(count: number): void {
    this.count = count;
    this.list.setCount(count);
    setAttributes(this.element, { 'aria-rowcount': count + 1 });
  }

  /** Writes a row's texts into its cells, one per column; returns the cells. */
  protected setCells(row: HTMLElement, texts: readonly string[]): HTMLCollection {
    if (
      row.childElementCount !== this.columns.length ||
      row.firstElementChild?.classList.contains('whole-cell')
    )
      row.replaceChildren(
        ...this.columns.map(({ className, id }) =>
          element('div', { role: 'gridcell', class: className, 'data-column': id }),
        ),
      );
    texts.forEach((text, column) => {
      const cell = row.children[column];
      this.widths.saw(column, text);
      if (cell) setText(cell, text);
    });
    return row.children;
  }

  /** Shows one text across the whole row. */
  protected setWhole(row: HTMLElement, text: string): void {
    if (!row.firstElementChild?.classList.contains('whole-cell'))
      row.replaceChildren(element('div', { role: 'gridcell', class: 'cell whole-cell' }));
    if (row.firstElementChild) setText(row.firstElementChild, text);
  }

  /** Scrolls the active row into view; `id`: its element's id, null for none. */
  protected reveal(index: number, id: string): void {
    this.list.reveal(index);
    this.list.draw();
    this.setActive(id);
  }

  protected setActive(id: string | null): void {
    setAttributes(this.element, { 'aria-activedescendant': id });
  }

  protected createRow(): HTMLElement {
    const row = element('div', { class: 'grid-row', role: 'row' });
    row.addEventListener('click', event => this.activate(Number(row.dataset.index), event.shiftKey));
    return row;
  }

  private heading({ id, label, className, field, showAs }: GridColumn): HTMLElement {
    const title = element('button', { type: 'button' }, label);
    // Cells show their scaled unit; the column's unit is in the tooltip.
    const why = field.meaning === 'plain' && !field.byName ? '' : `shown as it is because of ${field.why}`;
    title.title = [field.name, field.unit, field.typeName, field.help, why]
      .filter(part => part !== '')
      .join(' · ');
    title.addEventListener('click', () => this.sort(id));
    return element(
      'div',
      { role: 'columnheader', class: className, 'data-column': id, 'aria-sort': 'none' },
      title,
      ...(showAs && field.byName ? [unitButton(field, showAs)] : []),
    );
  }

  protected key(event: KeyboardEvent): void {
    const page = this.list.pageRows;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const target = placeAfter(event, this.activeIndex(event.key), this.count - 1, steps);
    if (target !== null) this.activate(target, event.shiftKey);
    else if (isCopyKey(event)) this.copy();
  }
}

/** Says why a column has its unit, and overrules that. */
function unitButton({ name, unit, why, byName }: Field, showAs: (as: 'plain' | null) => void): HTMLElement {
  const isOverruled = byName === 'overruled';
  const created = element('button', {
    type: 'button',
    class: 'unit',
    'aria-pressed': String(!isOverruled),
    'aria-label': `Unit of ${name}`,
  });
  created.title = isOverruled
    ? `Plain numbers: ${why}. Click to show the unit again.`
    : `Shown in ${unit} because of ${why}. Click to show plain numbers.`;
  created.addEventListener('click', () => showAs(isOverruled ? null : 'plain'));
  return created;
}
