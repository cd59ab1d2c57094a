/**
 * The column widths of a list: as wide as the widest text drawn so far, between the heading's width and a limit. They
 * only grow, so that a running list settles quickly.
 */

/** As in grid.css: between columns, and at both ends of a row together. */
const COLUMN_GAP_PX = 16;
const ROW_PADDING_PX = 24;
/** Space for the sort mark behind a heading, and for the heading's letters, which are wider than those of the cells. */
const HEADING_ROOM_CH = 3;

export interface ColumnRoom {
  readonly heading: string;
  /** Limit in characters; longer texts are truncated. A longer heading is shown in full. */
  readonly most: number;
}

export class ColumnWidths {
  private widths: number[] = [];
  private most: number[] = [];
  private fillsRow = false;
  private changed = false;

  constructor(private readonly grid: HTMLElement) {}

  /** Resets all widths. `lastFills`: the last column takes the remaining space. */
  reset(columns: readonly ColumnRoom[], lastFills: boolean): void {
    this.widths = columns.map(({ heading }) => heading.length + HEADING_ROOM_CH);
    this.most = columns.map(({ most }, at) => Math.max(most, this.widths[at] ?? 0));
    this.fillsRow = lastFills;
    this.changed = true;
    this.apply();
  }

  /** Records a text drawn in that column. */
  saw(column: number, text: string): void {
    const wanted = Math.min(text.length, this.most[column] ?? 0);
    if (wanted <= (this.widths[column] ?? 0)) return;
    this.widths[column] = wanted;
    this.changed = true;
  }

  /** Applies columns that have grown; call it after all rows were drawn. */
  apply(): void {
    if (!this.changed) return;
    this.changed = false;
    const last = this.widths.length - 1;
    const columns = this.widths.map((width, at) =>
      at === last && this.fillsRow ? `minmax(${width}ch, 1fr)` : `${width}ch`,
    );
    const total = this.widths.reduce((sum, width) => sum + width, 0);
    const gapsPx = this.widths.length * COLUMN_GAP_PX + ROW_PADDING_PX;
    this.grid.style.setProperty('--columns', columns.join(' '));
    this.grid.style.setProperty('--row-width', `calc(${total}ch + ${gapsPx}px)`);
  }
}
