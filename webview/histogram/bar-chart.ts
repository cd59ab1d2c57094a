/** One distribution as bars with their exact bounds and percentile marks; arrow keys move between bars. */
import { createChart } from '../common/chart';
import { placeAfter } from '../common/keys';
import { formatCount, formatDifference, formatQuantity, formatRange, formatShare } from '../common/quantity';
import { Readout } from '../common/readout';
import { type BarChartData, barChartOption, LEFT, RIGHT, TOP } from './bar-drawing';
import type { Bar } from './bins';

export class BarChart {
  private readonly readout = new Readout('chart bar-chart', 'histogram');
  readonly element = this.readout.host;
  readonly chart = createChart(this.element);
  private data: BarChartData | null = null;
  private active = -1;

  constructor() {
    const host = this.element;
    const hide = (): void => this.hide();
    host.addEventListener('pointermove', event => {
      if (!this.data || this.data.bars.length === 0) return;
      const box = host.getBoundingClientRect();
      const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
      const index = Math.floor(share * this.data.bars.length);
      if (index < 0 || index >= this.data.bars.length) hide();
      else if (index !== this.active) this.show(index, false);
    });
    host.addEventListener('pointerleave', hide);
    host.addEventListener('blur', hide);
    host.addEventListener('keydown', event => {
      if (!this.data) return;
      const last = this.data.bars.length - 1;
      // Moving back without an active bar goes to the last.
      const at = this.active < 0 && event.key === 'ArrowLeft' ? last + 1 : this.active;
      const target = placeAfter(event, at, last, { ArrowRight: 1, ArrowLeft: -1 });
      if (target !== null) this.show(target, true);
      else if (event.key === 'Escape') hide();
    });
  }

  draw(next: BarChartData): void {
    this.data = next;
    const peak = next.bars.reduce<Bar | null>(
      (best, bar) => (!best || bar.count > best.count ? bar : best),
      null,
    );
    const marks = next.marks.map(
      mark => `${mark.name} ${mark.atLeast ? 'at least ' : ''}${formatQuantity(mark.value, next.unit)}`,
    );
    this.element.setAttribute(
      'aria-label',
      `${next.name}: ${next.bars.length} bars, ${peak ? `most between ${formatRange(peak.min, peak.max, next.unit)}` : 'no values'}. ${marks.join(', ')}. Arrow keys move between bars.`,
    );
    if (this.active >= 0 && !this.readout.hidden)
      this.show(Math.min(this.active, next.bars.length - 1), false);
    else this.paint();
  }

  private describe(bar: Bar, index: number): string[] {
    const was = this.data?.frozen?.[index];
    return [
      formatRange(bar.min, bar.max, this.data?.unit ?? ''),
      `Count ${formatCount(bar.count)}`,
      `Share ${formatShare(bar.share)}`,
      `Cumulative ${formatShare(bar.cumulativeShare)}`,
      ...(was
        ? [
            `A ${formatCount(was.count)}, ${formatShare(was.share)} (${formatDifference(bar.share - was.share)})`,
          ]
        : []),
    ];
  }

  private show(index: number, speak: boolean): void {
    const bar = this.data?.bars[index];
    if (!this.data || !bar) {
      this.hide();
      return;
    }
    this.active = index;
    this.readout.show(this.describe(bar, index), speak);
    const { widthPx } = this.readout;
    const step = (this.element.clientWidth - LEFT - RIGHT) / this.data.bars.length;
    const x = LEFT + (index + 0.5) * step;
    const after = x + step / 2 + 6;
    this.readout.moveTo(after + widthPx > this.element.clientWidth ? x - step / 2 - 6 - widthPx : after, TOP);
    this.paint();
  }

  private hide(): void {
    this.active = -1;
    this.readout.hide();
    this.paint();
  }

  private paint(): void {
    const { echarts } = this.chart;
    if (this.data)
      this.chart.draw(barChartOption(this.data, this.active, () => echarts.getWidth() - LEFT - RIGHT));
  }
}
