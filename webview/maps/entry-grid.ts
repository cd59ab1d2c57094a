/** The entries of one table as a list that can be sorted and searched. */
import { copiedLine } from '../../src/shared/text/cells';
import { setAttributes } from '../common/dom';
import { ListGrid } from '../common/list-grid';
import type { SortChoice } from '../common/toolbar';
import type { LiveTable, TableRow } from './live-table';

export class EntryGrid {
  private readonly grid: ListGrid;
  readonly element: HTMLElement;
  private table: LiveTable | null = null;
  private shape = '';
  private listed: readonly TableRow[] = [];
  /** Id of the active row: its index changes with the order. */
  private activeId: string | null = null;

  constructor(on: { sort(column: string): void; copy(): void }) {
    this.grid = new ListGrid('Entries', {
      drawRow: (row, index) => this.drawRow(row, index),
      activate: index => this.activate(index),
      activeIndex: () => this.activeIndex,
      ...on,
    });
    this.element = this.grid.element;
  }

  /** The listed rows, in order. */
  get rows(): readonly TableRow[] {
    return this.listed;
  }

  forgetActive(): void {
    this.activeId = null;
  }

  draw(table: LiveTable, rows: readonly TableRow[], sort: SortChoice | null): void {
    this.table = table;
    this.listed = rows;
    const shape = `${table.id} ${table.columns.map(column => column.id).join()}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.grid.show(
        table.columns.map(({ id, label, field, kind, numeric }) => ({
          id,
          label,
          className: `cell ${numeric ? 'number' : ''} ${kind}`,
          field,
          most: field.storage === 'text' || field.storage === 'bytes' ? 40 : 24,
        })),
        false,
      );
    }
    this.grid.showSort(sort);
    const active = this.activeIndex;
    setAttributes(this.element, { 'aria-label': `Entries of ${table.label}` });
    this.grid.setActive(active < 0 ? null : `entry-${active}`);
    this.grid.setCount(rows.length);
    this.grid.list.draw();
  }

  /** The active row as a line for a spreadsheet; null without one. */
  activeText(): string | null {
    const row = this.listed[this.activeIndex];
    const { table } = this;
    return row && table ? copiedLine(table.columns.map(column => table.shown(row, column))) : null;
  }

  private get activeIndex(): number {
    return this.listed.findIndex(({ id }) => id === this.activeId);
  }

  private activate(index: number): void {
    const row = this.listed[index];
    if (!row) return;
    this.activeId = row.id;
    this.grid.reveal(index, `entry-${index}`);
  }

  private drawRow(row: HTMLElement, index: number): void {
    const { table } = this;
    const entry = this.listed[index];
    if (!table || !entry) return;
    const values = table.columns.map(column => table.plain(entry, column));
    setAttributes(row, {
      'aria-rowindex': index + 2,
      'data-index': index,
      id: `entry-${index}`,
      'aria-selected': String(entry.id === this.activeId),
      'data-key': values.filter((_, at) => table.columns[at]?.kind === 'key').join(','),
    });
    const cells = this.grid.setCells(row, at => {
      const column = table.columns[at];
      return column ? table.shown(entry, column) : '';
    });
    values.forEach((value, at) => {
      const cell = cells[at];
      if (cell) setAttributes(cell, { 'data-value': value });
    });
  }
}
