/**
 * Shows the visible rows of a list of any length. All rows have the same height, so the visible ones follow from a
 * division: nothing is kept per row and a growing list costs nothing.
 *
 * Browsers limit elements to some 33 million pixels (Chromium: LayoutUnit, 2^25 - 1). Longer lists scroll scaled: the
 * scroll bar moves over a shorter element and maps to the list's own offset, while wheel and keys move it exactly.
 */
const LONGEST_ELEMENT_PX = 8_000_000;
/** Rows drawn beyond each edge, so that fast scrolling shows no gap. */
const OVERSCAN = 4;

export interface VirtualListOptions {
  /** Scrolls; contains the head (sticky) and the body. */
  readonly scroller: HTMLElement;
  readonly body: HTMLElement;
  readonly rowHeightPx: number;
  /** Height of the sticky head. */
  readonly headHeightPx: number;
  readonly createRow: () => HTMLElement;
  /** Fills a (reused) row element. */
  readonly drawRow: (row: HTMLElement, index: number) => void;
  /** Called when all rows in view are filled. */
  readonly drawn: () => void;
  /** The user scrolled the list. */
  readonly onScroll: () => void;
}

export class VirtualList {
  private count = 0;
  private offsetPx = 0;
  /** The scroll position we set ourselves, to ignore its scroll event. */
  private expectedTop = 0;
  private readonly pool: HTMLElement[] = [];

  constructor(private readonly options: VirtualListOptions) {
    const { scroller } = options;
    scroller.addEventListener(
      'scroll',
      () => {
        if (Math.abs(scroller.scrollTop - this.expectedTop) >= 1) {
          this.expectedTop = scroller.scrollTop;
          this.offsetPx = this.scale === 1 ? scroller.scrollTop : scroller.scrollTop * this.scale;
          options.onScroll();
        }
        this.draw();
      },
      { passive: true },
    );
    scroller.addEventListener(
      'wheel',
      event => {
        if (this.scale === 1 || event.deltaY === 0 || event.ctrlKey) return;
        event.preventDefault();
        const unit =
          event.deltaMode === WheelEvent.DOM_DELTA_LINE
            ? options.rowHeightPx
            : event.deltaMode === WheelEvent.DOM_DELTA_PAGE
              ? this.viewportPx
              : 1;
        this.moveTo(this.offsetPx + event.deltaY * unit);
        options.onScroll();
      },
      { passive: false },
    );
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  private get viewportPx(): number {
    return Math.max(0, this.options.scroller.clientHeight - this.options.headHeightPx);
  }
  private get totalPx(): number {
    return this.count * this.options.rowHeightPx;
  }
  private get mostPx(): number {
    return Math.max(0, this.totalPx - this.viewportPx);
  }
  /** List pixels per scroll bar pixel. */
  private get scale(): number {
    const bodyPx = Math.min(this.totalPx, LONGEST_ELEMENT_PX);
    return bodyPx === this.totalPx ? 1 : this.mostPx / Math.max(1, bodyPx - this.viewportPx);
  }

  /** Discards the row elements (their shape changed) and scrolls to the top. */
  reset(): void {
    for (const row of this.pool) row.remove();
    this.pool.length = 0;
    this.offsetPx = 0;
  }

  /** Number of whole rows that fit. */
  get pageRows(): number {
    return Math.max(1, Math.floor(this.viewportPx / this.options.rowHeightPx));
  }

  setCount(count: number): void {
    this.count = count;
    this.options.body.style.height = `${Math.min(this.totalPx, LONGEST_ELEMENT_PX)}px`;
  }

  /** The first rows were removed: keeps the same rows in view. */
  shift(rows: number): void {
    this.offsetPx = Math.max(0, this.offsetPx - rows * this.options.rowHeightPx);
  }

  get atEnd(): boolean {
    return this.offsetPx >= this.mostPx - this.options.rowHeightPx;
  }

  scrollToEnd(): void {
    this.moveTo(this.mostPx);
  }

  /** The row at the top of the view. */
  get topIndex(): number {
    return Math.floor(this.offsetPx / this.options.rowHeightPx);
  }

  /** Scrolls the row to the top of the view, as far as the list is long enough. */
  scrollTo(index: number): void {
    this.moveTo(index * this.options.rowHeightPx);
  }

  /** Scrolls as little as needed to have the row in view. */
  reveal(index: number): void {
    const top = index * this.options.rowHeightPx;
    if (top < this.offsetPx) this.moveTo(top);
    else if (top + this.options.rowHeightPx > this.offsetPx + this.viewportPx)
      this.moveTo(top + this.options.rowHeightPx - this.viewportPx);
  }

  private moveTo(offsetPx: number): void {
    this.offsetPx = Math.max(0, Math.min(this.mostPx, offsetPx));
    this.draw();
  }

  /** Draws the rows in view. Cheap if nothing moved: rows are reused in place. */
  draw(): void {
    const { scroller, body, rowHeightPx, createRow, drawRow } = this.options;
    this.offsetPx = Math.max(0, Math.min(this.mostPx, this.offsetPx));
    this.expectedTop = Math.round(this.offsetPx / this.scale);
    if (Math.abs(scroller.scrollTop - this.expectedTop) >= 1) {
      scroller.scrollTop = this.expectedTop;
      // The browser may round or clamp; the next event reports the resulting position.
      this.expectedTop = scroller.scrollTop;
    }
    const first = Math.max(0, Math.floor(this.offsetPx / rowHeightPx) - OVERSCAN);
    const last = Math.min(this.count, Math.ceil((this.offsetPx + this.viewportPx) / rowHeightPx) + OVERSCAN);
    const origin = this.expectedTop - this.offsetPx;
    for (let index = first; index < last; index++) {
      const slot = index - first;
      let row = this.pool[slot];
      if (!row) {
        row = createRow();
        this.pool.push(row);
        body.append(row);
      }
      row.hidden = false;
      row.style.transform = `translateY(${origin + index * rowHeightPx}px)`;
      drawRow(row, index);
    }
    for (let slot = Math.max(0, last - first); slot < this.pool.length; slot++) {
      const row = this.pool[slot];
      if (row) row.hidden = true;
    }
    this.options.drawn();
  }
}
