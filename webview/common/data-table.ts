/** A table of numbers that is updated repeatedly: rows and cells are reused, only differences are written. */
import { type Attributes, element, setAttributes, setText } from './dom';

export interface DataColumn {
  readonly heading: string;
  readonly kind?: 'number';
}

export interface DataRow {
  /** Of the row; exact values as data-…. */
  readonly attributes?: Attributes;
  readonly cells: readonly string[];
}

export class DataTable {
  private readonly captionElement = element('caption');
  private readonly headings = element('tr');
  readonly body = element('tbody');
  readonly element: HTMLTableElement;
  private columns: readonly DataColumn[] = [];

  /** `headingColumn`: the cell that names its row. */
  constructor(
    className: string,
    columns: readonly DataColumn[],
    private readonly headingColumn = 0,
  ) {
    this.element = element(
      'table',
      { class: className === '' ? null : className },
      this.captionElement,
      element('thead', {}, this.headings),
      this.body,
    );
    this.setColumns(columns);
  }

  caption(text: string): void {
    setText(this.captionElement, text);
  }

  setColumns(columns: readonly DataColumn[]): void {
    if (columns.length === this.columns.length) return;
    this.columns = columns;
    this.headings.replaceChildren(
      ...columns.map(({ heading, kind }) => element('th', { scope: 'col', class: kind }, heading)),
    );
    this.body.replaceChildren();
  }

  /** One row per item. `rowOf` receives the row's element, new or reused, and returns null if the row is unchanged. */
  fill<Item>(
    items: readonly Item[],
    rowOf: (item: Item, index: number, row: HTMLTableRowElement) => DataRow | null,
  ): void {
    while (this.body.rows.length > items.length) this.body.deleteRow(-1);
    while (this.body.rows.length < items.length) this.body.append(this.newRow());
    items.forEach((item, index) => {
      const row = this.body.rows[index];
      const content = row && rowOf(item, index, row);
      if (!content) return;
      setAttributes(row, content.attributes ?? {});
      content.cells.forEach((text, column) => {
        const cell = row.cells[column];
        if (cell) setText(cell, text);
      });
    });
  }

  private newRow(): HTMLTableRowElement {
    return element(
      'tr',
      {},
      ...this.columns.map(({ kind }, index) =>
        index === this.headingColumn
          ? element('th', { scope: 'row', class: kind })
          : element('td', { class: kind }),
      ),
    );
  }
}
