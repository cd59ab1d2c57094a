/** The distribution over time: a column per interval, a row per bin, losses marked above; a range filters the bars. */
import type { CustomSeriesRenderItem } from 'echarts';
import type { Bucket } from '../../src/shared/decode/model';
import { createChart } from '../common/chart';
import { element, setText } from '../common/dom';
import { formatClock, formatCount, formatQuantity, formatRange } from '../common/quantity';
import { colorParts, mixColors, readTheme, type Theme, withAlpha } from '../common/theme';
import type { Step } from './history';
import { type Bin, countsInBins, percentile, totalOf } from './model';
import { createTimeTable } from './time-table';

export interface HeatmapData {
  readonly name: string;
  readonly unit: string;
  readonly bins: readonly Bin[];
  readonly steps: readonly Step[];
  /** What each step added, in the order of `steps`. */
  readonly additions: readonly (readonly Bucket[])[];
  /** Selected step numbers, both included. */
  readonly range: { readonly first: number; readonly last: number } | null;
}

export interface Heatmap {
  readonly element: HTMLElement;
  readonly table: HTMLTableElement;
  draw(data: HeatmapData): void;
  redraw(): void;
}

const LEFT = 74;
const RIGHT = 12;
const TOP = 20;
const BOTTOM = 36;
/** A time line that has just begun is drawn this wide, so that columns do not shrink with every interval. */
const LEAST_COLUMNS = 40;

/** `onRange` gets the step numbers the person chose, or null when the choice was cleared. */
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
  let data: HeatmapData | null = null;
  let counts: Float64Array[] = [];
  let known = new WeakMap<readonly Bucket[], Float64Array>();
  let cursor = -1;
  let anchor = -1;

  const columns = (): number => Math.max(LEAST_COLUMNS, data?.steps.length ?? 0);
  const columnAt = (clientX: number): number => {
    const box = host.getBoundingClientRect();
    const share = (clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
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
      `${formatCount(totalOf(added))} values`,
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
    const width = (host.clientWidth - LEFT - RIGHT) / columns();
    const x = LEFT + (column + 1) * width + 6;
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
    chart.draw(optionFor(data, columns(), cells, theme, cursor));
  };
  return {
    element: host,
    table: table.element,
    redraw: paint,
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
        `${next.name} over time: ${next.steps.length} intervals${losses > 0 ? `, ${formatCount(losses)} records lost` : ''}. Arrow keys walk the intervals, with Shift they select a range, Escape clears it.`,
      );
      table.update(next);
      paint();
    },
  };
}

function binsText(bins: readonly Bin[]): string {
  return bins.map(bin => `${bin.min}:${bin.max}`).join();
}

/** One canvas pixel per cell; a logarithmic ramp, so that a single outlier is seen beside a million. */
function paintCells(
  canvas: HTMLCanvasElement,
  counts: readonly Float64Array[],
  rows: number,
  theme: Theme,
): void {
  const columns = Math.max(1, counts.length);
  canvas.width = columns;
  canvas.height = Math.max(1, rows);
  const context = canvas.getContext('2d');
  if (!context) return;
  let most = 0;
  for (const column of counts) for (const count of column) if (count > most) most = count;
  const ramp = Array.from({ length: 17 }, (_, level) => colorParts(rampColor(theme, level / 16)));
  const scale = most > 0 ? 15 / Math.log2(most + 1) : 0;
  const picture = context.createImageData(columns, canvas.height);
  const { data } = picture;
  counts.forEach((column, x) => {
    for (let row = 0; row < column.length; row++) {
      const count = column[row] ?? 0;
      if (count === 0) continue;
      const color = ramp[1 + Math.round(Math.log2(count + 1) * scale)] ?? [0, 0, 0];
      const at = ((rows - 1 - row) * columns + x) * 4;
      data[at] = color[0];
      data[at + 1] = color[1];
      data[at + 2] = color[2];
      data[at + 3] = 255;
    }
  });
  context.putImageData(picture, 0, 0);
}

/** From just off the background, through the accent, to the foreground's side: order is seen without hue. */
function rampColor(theme: Theme, share: number): string {
  if (theme.kind.startsWith('high-contrast'))
    return mixColors(theme.background, theme.foreground, 0.25 + share * 0.75);
  return share < 0.6
    ? mixColors(theme.background, theme.accent, 0.18 + (share / 0.6) * 0.82)
    : mixColors(theme.accent, theme.foreground, ((share - 0.6) / 0.4) * 0.85);
}

function optionFor(
  data: HeatmapData,
  columns: number,
  cells: HTMLCanvasElement,
  theme: Theme,
  cursor: number,
) {
  const text = { color: theme.muted, fontFamily: theme.font, fontSize: 11 };
  const rows = Math.max(1, data.bins.length);
  const band = (
    from: number,
    to: number,
    style: object,
    params: Parameters<CustomSeriesRenderItem>[0],
    api: Parameters<CustomSeriesRenderItem>[1],
  ) => {
    const area = params.coordSys as unknown as { x: number; y: number; width: number; height: number };
    const [left = 0] = api.coord([from, 0]);
    const [right = 0] = api.coord([to, 0]);
    return {
      type: 'rect' as const,
      shape: { x: left, y: area.y, width: Math.max(1, right - left), height: area.height },
      style,
      silent: true,
    };
  };
  const renderCells: CustomSeriesRenderItem = (_params, api) => {
    const [left = 0, top = 0] = api.coord([0, rows]);
    const [right = 0, bottom = 0] = api.coord([data.steps.length, 0]);
    return {
      type: 'image',
      style: {
        image: sharp(cells, right - left, bottom - top) as unknown as string,
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
      },
      silent: true,
    };
  };
  const renderRange: CustomSeriesRenderItem = (params, api) => {
    const first = data.steps.findIndex(step => data.range !== null && step.number >= data.range.first);
    const last = data.steps.findLastIndex(step => data.range !== null && step.number <= data.range.last);
    const children = [];
    if (first >= 0 && last >= first)
      children.push(
        band(
          first,
          last + 1,
          { fill: withAlpha(theme.foreground, 0.1), stroke: theme.focus, lineWidth: 1.5 },
          params,
          api,
        ),
      );
    if (cursor >= 0)
      children.push(
        band(
          cursor,
          cursor + 1,
          { fill: 'transparent', stroke: theme.focus, lineWidth: 1, lineDash: [2, 2] },
          params,
          api,
        ),
      );
    return { type: 'group', children };
  };
  const losses = data.steps.flatMap((step, index) => (step.lost > 0 ? [[index + 0.5, step.lost]] : []));
  const renderLoss: CustomSeriesRenderItem = (params, api) => {
    const area = params.coordSys as unknown as { x: number; y: number; width: number; height: number };
    const [x = 0] = api.coord([api.value(0), 0]);
    return {
      type: 'group',
      silent: true,
      children: [
        {
          type: 'line',
          shape: { x1: x, y1: area.y, x2: x, y2: area.y + area.height },
          style: { stroke: theme.error, lineWidth: 1, lineDash: [3, 2] },
        },
        {
          type: 'polygon',
          shape: {
            points: [
              [x - 5, area.y - 9],
              [x + 5, area.y - 9],
              [x, area.y - 1],
            ],
          },
          style: { fill: theme.error },
        },
        {
          type: 'text',
          style: {
            text: `${formatCount(Number(api.value(1)))} lost`,
            x: x + 8,
            y: area.y - 14,
            fill: theme.error,
            fontFamily: theme.font,
            fontSize: 11,
          },
        },
      ],
    };
  };
  return {
    grid: { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM },
    xAxis: {
      type: 'value',
      min: 0,
      max: columns,
      splitLine: { show: false },
      axisTick: { show: false },
      splitNumber: 6,
      axisLine: { show: true, lineStyle: { color: theme.border } },
      axisLabel: {
        ...text,
        hideOverlap: true,
        formatter: (index: number) => {
          const step = data.steps[Math.min(index, data.steps.length - 1)];
          return step && index < data.steps.length && Number.isInteger(index) ? formatClock(step.fromMs) : '';
        },
      },
    },
    yAxis: [
      {
        type: 'category',
        data: data.bins.map(bin => formatRange(bin.min, bin.max, data.unit)),
        axisTick: { show: false },
        axisLine: { show: true, lineStyle: { color: theme.border } },
        axisLabel: { ...text, hideOverlap: true },
      },
      { type: 'value', min: 0, max: rows, show: false },
    ],
    series: [
      { type: 'custom', yAxisIndex: 1, renderItem: renderCells, data: [[0, 0]], silent: true, clip: true },
      { type: 'custom', yAxisIndex: 1, renderItem: renderRange, data: [[0, 0]], silent: true, z: 4 },
      {
        type: 'custom',
        yAxisIndex: 1,
        renderItem: renderLoss,
        data: losses,
        silent: true,
        z: 5,
        clip: false,
      },
    ],
  };
}

/** The cell picture at its size on screen, without smoothing between cells. */
function sharp(cells: HTMLCanvasElement, width: number, height: number): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const scaled = document.createElement('canvas');
  scaled.width = Math.max(1, Math.round(width * ratio));
  scaled.height = Math.max(1, Math.round(height * ratio));
  const context = scaled.getContext('2d');
  if (context) {
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, 0, 0, scaled.width, scaled.height);
  }
  return scaled;
}
