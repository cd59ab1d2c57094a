/** The entries of one table as a list that can be sorted and searched. */
import { copiedLine } from '../../src/shared/text/cells';
import { setAttributes } from '../common/dom';
import { ListGrid } from '../common/list-grid';
import type { SortChoice } from '../common/toolbar';
import type { LiveTable, TableRow } from './live-table';

export class EntryGrid extends ListGrid {
  private table: LiveTable | null = null;
  private shape = '';
  private listed: readonly TableRow[] = [];
  /** Id of the active row: its index changes with the order. */
  private activeId: string | null = null;

  constructor(
    protected readonly sort: (column: string) => void,
    protected readonly copy: () => void,
    private readonly showAs: (of: string, value: string | null) => void,
  ) {
    super('Entries');
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
    const shape = `${table.id} ${table.columns.map(({ id, field }) => `${id} ${field.byName}`).join()}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.setColumns(
        table.columns.map(({ id, label, field, kind, numeric }) => ({
          id,
          label,
          className: `cell ${numeric ? 'number' : ''} ${kind}`,
          field,
          most: field.storage === 'text' || field.storage === 'bytes' ? 40 : 24,
          ...((kind === 'key' || kind === 'value') && {
            showAs: (as: 'plain' | null) => this.showAs(`field ${table.id} ${field.name}`, as),
          }),
        })),
        false,
      );
    }
    this.showSort(sort);
    const active = this.activeIndex();
    setAttributes(this.element, { 'aria-label': `Entries of ${table.label}` });
    this.setActive(active < 0 ? null : `entry-${active}`);
    this.setCount(rows.length);
    this.list.draw();
  }

  /** The active row as a line for a spreadsheet; null without one. */
  activeText(): string | null {
    const row = this.listed[this.activeIndex()];
    const { table } = this;
    return row && table ? copiedLine(table.columns.map(column => table.shown(row, column))) : null;
  }

  protected activeIndex(): number {
    return this.listed.findIndex(({ id }) => id === this.activeId);
  }

  protected activate(index: number): void {
    const row = this.listed[index];
    if (!row) return;
    this.activeId = row.id;
    this.reveal(index, `entry-${index}`);
  }

  protected drawRow(row: HTMLElement, index: number): void {
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
    const cells = this.setCells(
      row,
      table.columns.map(column => table.shown(entry, column)),
    );
    for (const [at, cell] of [...cells].entries()) setAttributes(cell, { 'data-value': values[at] });
  }
}
