/** The line above the rows: the record rate, how many rows are listed, and a button for newer ones. */
import { element, setText } from '../common/dom';
import { countOf, formatCount, formatQuantity } from '../common/quantity';
import { button } from '../common/toolkit';
import type { EventStream } from './event-stream';
import { RateLine } from './rate-line';

/** Redraw interval of the rate line, which advances once a second. */
const RATE_MS = 250;

export class ActivityStrip {
  private readonly rate = new RateLine();
  private readonly rateNow = element('span', { class: 'rate-now' });
  private readonly counts = element('span', { class: 'muted', role: 'status' });
  private readonly newer: HTMLElement;
  readonly element: HTMLElement;
  private rateDrawnAt = Number.NEGATIVE_INFINITY;
  private rateOf: EventStream | null = null;

  constructor(onNewer: () => void) {
    this.newer = button({ label: 'Show Newer', icon: 'refresh', onClick: onNewer });
    this.element = element(
      'div',
      { class: 'strip' },
      this.rateNow,
      this.rate.element,
      this.rate.table,
      this.counts,
      this.newer,
    );
  }

  /** Draws the rate line with the next drawing, regardless of the interval. */
  redraw(): void {
    this.rateOf = null;
  }

  draw(stream: EventStream, isFiltered: boolean): void {
    if (performance.now() - this.rateDrawnAt >= RATE_MS || this.rateOf !== stream) {
      this.rateDrawnAt = performance.now();
      this.rateOf = stream;
      this.rate.draw(stream.rate);
    }
    setText(this.rateNow, `${formatCount(stream.rate.perSecond)}/s`);
    setText(this.counts, countsOf(stream, isFiltered).join(' · '));
    this.newer.hidden = stream.newer === 0;
    if (stream.newer > 0) this.newer.lastChild?.replaceWith(`${formatCount(stream.newer)} newer`);
  }
}

function countsOf(stream: EventStream, isFiltered: boolean): string[] {
  const { store, length } = stream;
  const kept = store.endRow - store.firstRow;
  return [
    isFiltered ? `${formatCount(length)} of ${countOf(kept, 'row', 'rows')}` : countOf(length, 'row', 'rows'),
    ...(store.firstRow > 0
      ? [
          `oldest ${formatCount(store.firstRow)} dropped (limit ${formatQuantity(stream.limitBytes, 'bytes')})`,
        ]
      : []),
    ...(store.lost > 0 ? [`${formatCount(store.lost)} lost`] : []),
    ...(stream.paused ? ['paused'] : []),
    ...(stream.isSorted ? ['sorted'] : []),
  ];
}
