/**
 * A list of any length as a grid: headings that sort, rows that exist only while they are in view, columns as wide as
 * the texts seen in them, keyboard navigation. The page decides what a row is and which one is active.
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
}

export interface GridHandlers {
  /** Draws a row: its attributes, and its cells with setCells. */
  drawRow(row: HTMLElement, index: number): void;
  createRow?(row: HTMLElement): void;
  /** The user moves to a row of the list; `extend`: and selects the rows between. */
  activate(index: number, extend: boolean): void;
  /** Index of the active row; -1 for none. */
  activeIndex(event: KeyboardEvent): number;
  sort(column: string): void;
  copy(): void;
  /** The user scrolled the list. */
  scrolled?(): void;
}

export class ListGrid {
  private readonly head = element('div', { class: 'grid-row grid-head', role: 'row' });
  private readonly body = element('div', { class: 'grid-body', role: 'rowgroup' });
  readonly element: HTMLElement;
  readonly list: VirtualList;
  private readonly widths: ColumnWidths;
  private columns: readonly GridColumn[] = [];
  private count = 0;

  constructor(
    label: string,
    private readonly handlers: GridHandlers,
  ) {
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
      drawRow: handlers.drawRow,
      drawn: () => this.widths.apply(),
      onScroll: () => handlers.scrolled?.(),
    });
    this.element.addEventListener('keydown', event => this.key(event));
  }

  /** Starts over with other columns. `lastFills`: the last one takes the remaining space. */
  show(columns: readonly GridColumn[], lastFills: boolean): void {
    this.columns = columns;
    this.widths.reset(
      columns.map(({ label, most }) => ({ heading: label, most })),
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

  setCount(count: number): void {
    this.count = count;
    this.list.setCount(count);
    setAttributes(this.element, { 'aria-rowcount': count + 1 });
  }

  /** Visits the rows in view, to redraw them regardless of their content: see drawRow. */
  forEachRow(visit: (row: Element) => void): void {
    for (const row of this.body.children) visit(row);
  }

  /** Writes a row's texts into its cells, one per column; returns the cells. */
  setCells(row: HTMLElement, textOf: (column: number) => string): HTMLCollection {
    if (
      row.childElementCount !== this.columns.length ||
      row.firstElementChild?.classList.contains('whole-cell')
    )
      row.replaceChildren(
        ...this.columns.map(({ className, id }) =>
          element('div', { role: 'gridcell', class: className, 'data-column': id }),
        ),
      );
    for (let column = 0; column < this.columns.length; column++) {
      const cell = row.children[column];
      if (!cell) continue;
      const text = textOf(column);
      this.widths.saw(column, text);
      setText(cell, text);
    }
    return row.children;
  }

  /** Shows one text across the whole row. */
  setWhole(row: HTMLElement, text: string): void {
    if (!row.firstElementChild?.classList.contains('whole-cell'))
      row.replaceChildren(element('div', { role: 'gridcell', class: 'cell whole-cell' }));
    if (row.firstElementChild) setText(row.firstElementChild, text);
  }

  /** Scrolls the active row into view; `id`: its element's id, null for none. */
  reveal(index: number, id: string): void {
    this.list.reveal(index);
    this.list.draw();
    this.setActive(id);
  }

  setActive(id: string | null): void {
    setAttributes(this.element, { 'aria-activedescendant': id });
  }

  private createRow(): HTMLElement {
    const row = element('div', { class: 'grid-row', role: 'row' });
    row.addEventListener('click', event => this.handlers.activate(Number(row.dataset.index), event.shiftKey));
    this.handlers.createRow?.(row);
    return row;
  }

  private heading({ id, label, className, field }: GridColumn): HTMLElement {
    const title = element('button', { type: 'button' }, label);
    // Cells show their scaled unit; the column's unit is in the tooltip.
    title.title = [field.name, field.unit, field.typeName, field.help]
      .filter(part => part !== '')
      .join(' · ');
    title.addEventListener('click', () => this.handlers.sort(id));
    return element(
      'div',
      { role: 'columnheader', class: className, 'data-column': id, 'aria-sort': 'none' },
      title,
    );
  }

  private key(event: KeyboardEvent): void {
    const page = this.list.pageRows;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const target = placeAfter(event, this.handlers.activeIndex(event), this.count - 1, steps);
    if (target !== null) this.handlers.activate(target, event.shiftKey);
    else if (isCopyKey(event)) this.handlers.copy();
  }
}
