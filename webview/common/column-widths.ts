/**
 * How wide the columns of a list are: as wide as what was drawn in them so far, between their heading and a limit. They
 * only grow, so that a running list comes to rest soon and no column is out of view for the blanks of another.
 */

/** As grid.css has it: between columns, and at both ends of a row together. */
const COLUMN_GAP_PX = 16;
const ROW_PADDING_PX = 24;
/** Room for the mark of the order behind a heading, and for a heading's letters, which are wider than those of the cells. */
const HEADING_ROOM_CH = 3;

export interface ColumnRoom {
  readonly heading: string;
  /** Characters; longer texts are cut short. A longer heading has its room all the same. */
  readonly most: number;
}

export class ColumnWidths {
  private widths: number[] = [];
  private most: number[] = [];
  private fillsRow = false;
  private changed = false;

  constructor(private readonly grid: HTMLElement) {}

  /** Begins anew. `lastFills`: the last column takes what room the others leave. */
  reset(columns: readonly ColumnRoom[], lastFills: boolean): void {
    this.widths = columns.map(({ heading }) => heading.length + HEADING_ROOM_CH);
    this.most = columns.map(({ most }, at) => Math.max(most, this.widths[at] ?? 0));
    this.fillsRow = lastFills;
    this.changed = true;
    this.apply();
  }

  /** A text is drawn in that column. */
  saw(column: number, text: string): void {
    const wanted = Math.min(text.length, this.most[column] ?? 0);
    if (wanted <= (this.widths[column] ?? 0)) return;
    this.widths[column] = wanted;
    this.changed = true;
  }

  /** Sets the columns when some have grown: after all rows were drawn. */
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
