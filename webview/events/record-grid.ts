/** The list of records: only rows in view exist as elements, and only they are decoded. */
import { isNumeric } from '../../src/shared/decode/meaning-class';
import type { Field } from '../../src/shared/object/model';
import { setAttributes } from '../common/dom';
import { ListGrid } from '../common/list-grid';
import { countOf } from '../common/quantity';
import type { EventStream } from './event-stream';

export interface GridPlace {
  /** Row at the top of the view. */
  readonly top: number;
  readonly active: number;
  /** The other end of the selection. */
  readonly anchor: number;
}

/** Converts the numbers of a place; -1 stays -1. */
export function mapPlace({ top, active, anchor }: GridPlace, change: (row: number) => number): GridPlace {
  const changed = (row: number): number => (row < 0 ? -1 : change(row));
  return { top: changed(top), active: changed(active), anchor: changed(anchor) };
}

export interface GridHandlers {
  onSort(column: string): void;
  /** As in the message 'showAs'. */
  onShowAs(of: string, value: string | null): void;
  onActive(): void;
  /** The user moved through the list: following stops unless they moved to its end. */
  onMove(atEnd: boolean): void;
  onCopy(): void;
  onDetail(): void;
}

/** Maximum column width in characters, by type. */
function widestOf(field: Field): number {
  if (field.meaning === 'hexdump') return 48;
  return field.storage === 'text' ? Math.min(48, Math.max(14, field.size || 60)) : 40;
}

export class RecordGrid extends ListGrid {
  private stream: EventStream | null = null;
  /** Numbers of the active row and of the other end of the selection, -1 for none. */
  private activeRow = -1;
  private anchorRow = -1;
  /** Index of the active row when it was activated: in a sorted list it would have to be searched. */
  private chosenIndex = -1;

  constructor(private readonly handlers: GridHandlers) {
    super('Records');
    setAttributes(this.element, { 'aria-multiselectable': 'true' });
  }

  show(stream: EventStream): void {
    this.stream = stream;
    this.activeRow = -1;
    this.anchorRow = -1;
    const { columns } = stream.reader;
    const last = columns.at(-1);
    this.setColumns(
      columns.map(field => ({
        id: field.name,
        label: field.label,
        className: isNumeric(field) ? 'cell number' : 'cell',
        field,
        most: widestOf(field),
        showAs: as => this.handlers.onShowAs(`field ${stream.description.stream} ${field.name}`, as),
      })),
      last !== undefined && !isNumeric(last),
    );
  }

  /** Draws what changed. With `follow` the newest row stays in view. */
  draw(follow: boolean): void {
    if (!this.stream) return;
    this.setCount(this.stream.length);
    if (follow) this.list.scrollToEnd();
    else this.list.draw();
  }

  shift(rows: number): void {
    this.list.shift(rows);
  }

  /** Values are formatted differently from now on: rows in view are decoded again. */
  forget(): void {
    for (const row of this.element.querySelectorAll('[data-row]')) row.removeAttribute('data-row');
  }

  /** Row numbers of the top, active and anchor rows; -1 for none. */
  place(): GridPlace {
    const top = this.stream?.rowAt(this.list.topIndex) ?? -1;
    return { top, active: this.activeRow, anchor: this.anchorRow };
  }

  /** The rows may have been dropped, or no longer be listed. */
  goTo({ top, active, anchor }: GridPlace): void {
    if (!this.stream) return;
    this.chosenIndex = this.stream.indexOf(active);
    this.activeRow = this.chosenIndex < 0 ? -1 : active;
    this.anchorRow = this.chosenIndex < 0 ? -1 : anchor;
    this.setActive(this.activeRow < 0 ? null : `row-${this.activeRow}`);
    const index = this.stream.indexOf(top);
    if (index >= 0) this.list.scrollTo(index);
    else this.list.draw();
  }

  active(): number | null {
    const { stream, activeRow } = this;
    return activeRow >= 0 && stream && activeRow >= stream.store.firstRow ? activeRow : null;
  }

  /** Row numbers of the selection, in list order. */
  selection(): readonly number[] {
    const { stream } = this;
    if (!stream || this.activeRow < 0) return [];
    const a = stream.indexOf(this.anchorRow);
    const b = stream.indexOf(this.activeRow);
    if (b < 0) return [];
    const from = a < 0 ? b : Math.min(a, b);
    const to = a < 0 ? b : Math.max(a, b);
    return Array.from({ length: to - from + 1 }, (_, index) => stream.rowAt(from + index));
  }

  protected override createRow(): HTMLElement {
    const row = super.createRow();
    row.addEventListener('dblclick', () => this.handlers.onDetail());
    // A double click opens the details; it must not select a word.
    row.addEventListener('mousedown', event => {
      if (event.detail > 1) event.preventDefault();
    });
    return row;
  }

  protected drawRow(row: HTMLElement, index: number): void {
    const { stream } = this;
    if (!stream) return;
    const number = stream.rowAt(index);
    setAttributes(row, {
      'aria-rowindex': index + 2,
      'aria-selected': String(this.isSelected(number, stream)),
      id: `row-${number}`,
      'data-index': index,
    });
    row.classList.toggle('active', number === this.activeRow);
    // A record never changes: the same row in the same element is not decoded again.
    if (row.dataset.row === String(number) && row.dataset.stream === stream.description.stream) return;
    const found = stream.store.row(number);
    // Not received yet, while a page is hydrated again.
    row.dataset.row = found ? String(number) : '';
    row.dataset.stream = stream.description.stream;
    const lost = found?.kind === 'lost' ? found.lost : null;
    row.classList.toggle('lost', lost !== null);
    setAttributes(row, { 'data-lost': lost });
    if (found?.kind !== 'record') {
      this.setWhole(row, lost === null ? '' : `${countOf(lost, 'record', 'records')} lost here`);
      return;
    }
    const { reader } = stream;
    const { view, offset, length } = found;
    this.setCells(
      row,
      reader.columns.map(field => reader.shown(reader.value(view, offset, length, field), field)),
    );
  }

  private isSelected(number: number, stream: EventStream): boolean {
    if (this.activeRow < 0) return false;
    // In a sorted list row numbers do not define the order: compare indexes.
    const placeOf = (row: number): number =>
      stream.isSorted && this.anchorRow !== this.activeRow ? stream.indexOf(row) : row;
    const [from, to, at] = [placeOf(this.anchorRow), placeOf(this.activeRow), placeOf(number)];
    return at >= Math.min(from, to) && at <= Math.max(from, to);
  }

  protected activeIndex(key: string): number {
    const { stream } = this;
    if (!stream) return -1;
    // Moving back without an active row goes to the last.
    if (this.activeRow < 0) return key === 'ArrowUp' ? stream.length : -1;
    return stream.isSorted ? this.chosenIndex : stream.indexOf(this.activeRow);
  }

  protected activate(index: number, extend: boolean): void {
    const { stream, handlers } = this;
    if (!stream || index < 0 || index >= stream.length) return;
    this.chosenIndex = index;
    this.activeRow = stream.rowAt(index);
    if (!extend || this.anchorRow < 0) this.anchorRow = this.activeRow;
    this.reveal(index, `row-${this.activeRow}`);
    handlers.onActive();
    handlers.onMove(index === stream.length - 1);
  }

  protected sort(column: string): void {
    this.handlers.onSort(column);
  }
  protected copy(): void {
    this.handlers.onCopy();
  }
  protected override scrolled(): void {
    this.handlers.onMove(this.list.atEnd);
  }

  protected override key(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.handlers.onDetail();
    else super.key(event);
  }
}
