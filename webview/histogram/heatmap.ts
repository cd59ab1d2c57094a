/** The distribution over time: a column per interval, a row per bin, losses marked above; selecting a range filters the bars. */
import type { Bucket } from '../../src/shared/decode/model';
import { createChart } from '../common/chart';
import { placeAfter } from '../common/keys';
import { countOf, formatClock, formatCount, formatQuantity, formatRange } from '../common/quantity';
import { Readout } from '../common/readout';
import { readTheme } from '../common/theme';
import { type Bin, countsInBins } from './bins';
import { totalOf } from './buckets';
import { HeatmapCells } from './heatmap-cells';
import type { HeatmapData } from './heatmap-data';
import { BOTTOM, heatmapOption, leftOf, RIGHT, TOP } from './heatmap-drawing';
import { percentile } from './percentiles';
import { TimeTable } from './time-table';

/** Minimum number of columns, so that the first columns do not shrink with every interval. */
const LEAST_COLUMNS = 40;

export class Heatmap {
  private readonly readout = new Readout('chart heatmap', 'heat map over time');
  readonly element = this.readout.host;
  readonly chart = createChart(this.element);
  private readonly timeTable = new TimeTable();
  readonly table = this.timeTable.element;
  private readonly cells = new HeatmapCells();
  private data: HeatmapData | null = null;
  private counts: readonly Float64Array[] = [];
  private known = new WeakMap<readonly Bucket[], Float64Array>();
  /** Columns of the keyboard cursor, and of the start of the selection; -1 for none. */
  private cursor = -1;
  private anchor = -1;

  /** `onRange` receives the step numbers the user selected, or null if the selection was cleared. */
  constructor(private readonly onRange: (range: { first: number; last: number } | null) => void) {
    const host = this.element;
    host.addEventListener('pointerdown', event => {
      if (!this.data || this.data.steps.length === 0 || event.button !== 0) return;
      this.anchor = this.columnAt(event.clientX);
      host.setPointerCapture(event.pointerId);
      this.select(this.anchor, this.anchor);
    });
    host.addEventListener('pointermove', event => {
      if (!this.data || this.data.steps.length === 0) return;
      const column = this.columnAt(event.clientX);
      const box = host.getBoundingClientRect();
      const share = 1 - (event.clientY - box.top - TOP) / (box.height - TOP - BOTTOM);
      this.show(column, Math.floor(share * this.data.bins.length), false);
      if (host.hasPointerCapture(event.pointerId)) this.select(this.anchor, column);
    });
    host.addEventListener('pointerleave', () => this.readout.hide());
    host.addEventListener('blur', () => this.readout.hide());
    host.addEventListener('keydown', event => this.key(event));
  }

  draw(next: HeatmapData): void {
    // An interval's additions never change: only new ones are counted, unless the bins changed.
    if (!this.data || binsText(this.data.bins) !== binsText(next.bins)) this.known = new WeakMap();
    this.counts = next.additions.map(added => {
      const found = this.known.get(added) ?? countsInBins(added, next.bins);
      this.known.set(added, found);
      return found;
    });
    this.data = next;
    const losses = next.steps.reduce((sum, step) => sum + step.lost, 0);
    this.element.setAttribute(
      'aria-label',
      `${next.name} over time: ${next.steps.length} intervals${losses > 0 ? `, ${countOf(losses, 'record', 'records')} lost` : ''}. Arrow keys move between intervals, Shift with arrow keys selects a range, Escape clears it.`,
    );
    this.timeTable.update(next);
    this.paint();
  }

  private get left(): number {
    return this.data ? leftOf(this.data, readTheme()) : 0;
  }
  private get columns(): number {
    return Math.max(LEAST_COLUMNS, this.data?.steps.length ?? 0);
  }

  private columnAt(clientX: number): number {
    const box = this.element.getBoundingClientRect();
    const share = (clientX - box.left - this.left) / (box.width - this.left - RIGHT);
    return Math.max(0, Math.min((this.data?.steps.length ?? 1) - 1, Math.floor(share * this.columns)));
  }

  private select(from: number, to: number): void {
    const first = this.data?.steps[Math.min(from, to)];
    const last = this.data?.steps[Math.max(from, to)];
    if (first && last) this.onRange({ first: first.number, last: last.number });
  }

  private key(event: KeyboardEvent): void {
    if (!this.data || this.data.steps.length === 0) return;
    const last = this.data.steps.length - 1;
    const from = this.cursor < 0 ? last + (event.key === 'ArrowLeft' ? 1 : 0) : this.cursor;
    const target = placeAfter(event, from, last, { ArrowLeft: -1, ArrowRight: 1 });
    if (target !== null) {
      if (!event.shiftKey) this.anchor = target;
      else if (this.anchor < 0) this.anchor = Math.min(last, from);
      if (event.shiftKey) this.select(this.anchor, target);
      this.cursor = target;
      this.show(target, null, true);
      this.paint();
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.select(this.cursor, this.cursor);
    } else if (event.key === 'Escape') {
      this.cursor = -1;
      this.anchor = -1;
      this.readout.hide();
      this.onRange(null);
    }
  }

  /** `row`: of a bin; null for the whole interval. */
  private show(column: number, row: number | null, speak: boolean): void {
    const lines = this.describe(column, row);
    if (lines.length === 0) return;
    this.readout.show(lines, speak);
    const { clientWidth } = this.element;
    const { widthPx } = this.readout;
    const width = (clientWidth - this.left - RIGHT) / this.columns;
    const x = this.left + (column + 1) * width + 6;
    this.readout.moveTo(x + widthPx > clientWidth ? x - width - 12 - widthPx : x, TOP);
  }

  private describe(column: number, row: number | null): string[] {
    const { data } = this;
    const step = data?.steps[column];
    const added = data?.additions[column];
    if (!data || !step || !added) return [];
    const middle = percentile(added, 0.5);
    const high = percentile(added, 0.99);
    const bin = data.bins[row ?? -1];
    return [
      `${formatClock(step.fromMs)} – ${formatClock(step.toMs)}`,
      ...(bin
        ? [
            `${formatRange(bin.min, bin.max, data.unit)}: ${formatCount(this.counts[column]?.[row ?? 0] ?? 0)}`,
          ]
        : []),
      countOf(totalOf(added), 'value', 'values'),
      ...(middle && high
        ? [`p50 ${formatQuantity(middle.value, data.unit)}, p99 ${formatQuantity(high.value, data.unit)}`]
        : []),
      ...(step.lost > 0 ? [`${formatCount(step.lost)} lost`] : []),
    ];
  }

  private paint(): void {
    if (!this.data) return;
    const theme = readTheme();
    this.cells.paint(this.counts, this.data.bins.length, theme);
    const { echarts } = this.chart;
    this.chart.draw(
      heatmapOption(
        this.data,
        this.columns,
        this.cells,
        theme,
        this.cursor,
        () => echarts.getHeight() - TOP - BOTTOM,
      ),
    );
  }
}

function binsText(bins: readonly Bin[]): string {
  return bins.map(bin => `${bin.min}:${bin.max}`).join();
}
