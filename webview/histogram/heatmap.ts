/** The distribution over time: a column per interval, a row per bin, losses marked above; a range filters the bars. */
import type { Bucket } from '../../src/shared/decode/model';
import { type Chart, createChart } from '../common/chart';
import { element, setText } from '../common/dom';
import { countOf, formatClock, formatCount, formatQuantity, formatRange } from '../common/quantity';
import { readTheme } from '../common/theme';
import { type Bin, countsInBins } from './bins';
import { totalOf } from './buckets';
import type { HeatmapData } from './heatmap-data';
import { BOTTOM, heatmapOption, leftOf, paintCells, RIGHT, TOP } from './heatmap-drawing';
import { percentile } from './percentiles';
import { createTimeTable } from './time-table';

export interface Heatmap {
  readonly element: HTMLElement;
  readonly table: HTMLTableElement;
  draw(data: HeatmapData): void;
  redraw(): void;
  chart(): Chart;
}

/** A time line that has just begun is drawn this wide, so that columns do not shrink with every interval. */
const LEAST_COLUMNS = 40;

/** `onRange` gets the step numbers the user chose, or null when the choice was cleared. */
export function createHeatmap(onRange: (range: { first: number; last: number } | null) => void): Heatmap {
  const readout = element('div', { class: 'readout', hidden: true });
  const spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  const host = element(
    'div',
    {
      class: 'chart heatmap',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'heat map over time',
    },
    readout,
    spoken,
  );
  const chart = createChart(host);
  const table = createTimeTable();
  const cells = document.createElement('canvas');
  const scaled = document.createElement('canvas');
  let data: HeatmapData | null = null;
  let counts: Float64Array[] = [];
  let known = new WeakMap<readonly Bucket[], Float64Array>();
  let cursor = -1;
  let anchor = -1;

  const left = (): number => (data ? leftOf(data, readTheme()) : 0);
  const columns = (): number => Math.max(LEAST_COLUMNS, data?.steps.length ?? 0);
  const columnAt = (clientX: number): number => {
    const box = host.getBoundingClientRect();
    const share = (clientX - box.left - left()) / (box.width - left() - RIGHT);
    return Math.max(0, Math.min((data?.steps.length ?? 1) - 1, Math.floor(share * columns())));
  };
  const select = (from: number, to: number): void => {
    const first = data?.steps[Math.min(from, to)];
    const last = data?.steps[Math.max(from, to)];
    if (first && last) onRange({ first: first.number, last: last.number });
  };

  const describe = (column: number, row: number | null): string[] => {
    const step = data?.steps[column];
    const added = data?.additions[column];
    if (!data || !step || !added) return [];
    const middle = percentile(added, 0.5);
    const high = percentile(added, 0.99);
    const bin = row === null ? undefined : data.bins[row];
    return [
      `${formatClock(step.fromMs)} – ${formatClock(step.toMs)}`,
      ...(bin
        ? [`${formatRange(bin.min, bin.max, data.unit)}: ${formatCount(counts[column]?.[row ?? 0] ?? 0)}`]
        : []),
      countOf(totalOf(added), 'value', 'values'),
      ...(middle && high
        ? [`p50 ${formatQuantity(middle.value, data.unit)}, p99 ${formatQuantity(high.value, data.unit)}`]
        : []),
      ...(step.lost > 0 ? [`${formatCount(step.lost)} lost`] : []),
    ];
  };
  const show = (column: number, row: number | null, speak: boolean): void => {
    const [first, ...rest] = describe(column, row);
    if (first === undefined) return;
    readout.replaceChildren(element('strong', {}, first), ...rest.map(line => element('div', {}, line)));
    readout.hidden = false;
    const width = (host.clientWidth - left() - RIGHT) / columns();
    const x = left() + (column + 1) * width + 6;
    readout.style.left = `${Math.max(0, x + readout.offsetWidth > host.clientWidth ? x - width - 12 - readout.offsetWidth : x)}px`;
    readout.style.top = `${TOP}px`;
    if (speak) setText(spoken, [first, ...rest].join(', '));
  };

  host.addEventListener('pointerdown', event => {
    if (!data || data.steps.length === 0 || event.button !== 0) return;
    anchor = columnAt(event.clientX);
    host.setPointerCapture(event.pointerId);
    select(anchor, anchor);
  });
  host.addEventListener('pointermove', event => {
    if (!data || data.steps.length === 0) return;
    const column = columnAt(event.clientX);
    const box = host.getBoundingClientRect();
    const share = 1 - (event.clientY - box.top - TOP) / (box.height - TOP - BOTTOM);
    const row = Math.floor(share * data.bins.length);
    show(column, row >= 0 && row < data.bins.length ? row : null, false);
    if (host.hasPointerCapture(event.pointerId)) select(anchor, column);
  });
  host.addEventListener('pointerleave', () => (readout.hidden = true));
  host.addEventListener('blur', () => (readout.hidden = true));
  host.addEventListener('keydown', event => {
    if (!data || data.steps.length === 0) return;
    const last = data.steps.length - 1;
    const from = cursor < 0 ? last + (event.key === 'ArrowLeft' ? 1 : 0) : cursor;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: Math.max(0, from - 1),
      ArrowRight: Math.min(last, from + 1),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      if (event.shiftKey) {
        if (anchor < 0) anchor = Math.min(last, from);
        select(anchor, target);
      } else anchor = target;
      cursor = target;
      show(cursor, null, true);
      paint();
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      select(cursor, cursor);
    } else if (event.key === 'Escape') {
      cursor = -1;
      anchor = -1;
      readout.hidden = true;
      onRange(null);
    }
  });

  const paint = (): void => {
    if (!data) return;
    const theme = readTheme();
    paintCells(cells, counts, data.bins.length, theme);
    chart.draw(
      heatmapOption(
        data,
        columns(),
        cells,
        scaled,
        theme,
        cursor,
        () => chart.echarts.getHeight() - TOP - BOTTOM,
      ),
    );
  };
  return {
    element: host,
    table: table.element,
    redraw: paint,
    chart: () => chart,
    draw: next => {
      // An interval's additions never change: only new ones are counted, unless the bins moved.
      const sameBins = data !== null && binsText(data.bins) === binsText(next.bins);
      if (!sameBins) known = new WeakMap();
      counts = next.additions.map(added => {
        const found = known.get(added) ?? countsInBins(added, next.bins);
        known.set(added, found);
        return found;
      });
      data = next;
      const losses = next.steps.reduce((sum, step) => sum + step.lost, 0);
      host.setAttribute(
        'aria-label',
        `${next.name} over time: ${next.steps.length} intervals${losses > 0 ? `, ${countOf(losses, 'record', 'records')} lost` : ''}. Arrow keys walk the intervals, with Shift they select a range, Escape clears it.`,
      );
      table.update(next);
      paint();
    },
  };
}

function binsText(bins: readonly Bin[]): string {
  return bins.map(bin => `${bin.min}:${bin.max}`).join();
}
