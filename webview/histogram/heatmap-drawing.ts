/** The ECharts option of a heat map: its cells, the p99 line, the selected range, and losses. */
import type { CustomSeriesRenderItem } from 'echarts';
import { fixedGrid, labelText, lossMark, plotArea, textWidthPx } from '../common/chart';
import { formatClock, formatCount, formatRange } from '../common/quantity';
import { type Theme, withAlpha } from '../common/theme';
import { positionInBins } from './bins';
import type { HeatmapCells } from './heatmap-cells';
import { type HeatmapData, highOf } from './heatmap-data';

/** Space around the plot, in CSS pixels: loss marks above, clock below; on the left as leftOf computes. */
export const RIGHT = 12;
export const TOP = 20;
export const BOTTOM = 36;
/** Distance from a range's label to its axis. */
const LABEL_GAP_PX = 14;
/** Height of a line of an axis label. */
const LABEL_HEIGHT_PX = 14;

function labelsOf(data: Pick<HeatmapData, 'bins' | 'unit'>): string[] {
  return data.bins.map(bin => formatRange(bin.min, bin.max, data.unit));
}

/** Space needed for the labels of the ranges, in CSS pixels. */
export function leftOf(data: Pick<HeatmapData, 'bins' | 'unit'>, theme: Theme): number {
  const { fontFamily, fontSize } = labelText(theme);
  const widths = labelsOf(data).map(label => textWidthPx(label, `${fontSize}px ${fontFamily}`));
  return Math.ceil(Math.max(0, ...widths)) + LABEL_GAP_PX;
}

/** `cursor`: the column of the keyboard cursor, -1 for none. `plotHeight` is called at each layout, in CSS pixels. */
export function heatmapOption(
  data: HeatmapData,
  columns: number,
  cells: HeatmapCells,
  theme: Theme,
  cursor: number,
  plotHeight: () => number,
) {
  const text = labelText(theme);
  const rows = Math.max(1, data.bins.length);
  const axisLine = { show: true, lineStyle: { color: theme.border } };
  const layer = (z: number, renderItem: CustomSeriesRenderItem, points: readonly number[][] = [[0, 0]]) => ({
    type: 'custom',
    yAxisIndex: 1,
    renderItem,
    data: points,
    silent: true,
    z,
  });
  const losses = data.steps.flatMap((step, index) => (step.lost > 0 ? [[index + 0.5, step.lost]] : []));
  return {
    grid: fixedGrid(leftOf(data, theme), RIGHT, TOP, BOTTOM),
    xAxis: {
      type: 'value',
      min: 0,
      max: columns,
      splitLine: { show: false },
      axisTick: { show: false },
      splitNumber: 6,
      axisLine,
      axisLabel: {
        ...text,
        hideOverlap: true,
        formatter: (index: number) => {
          const step = Number.isInteger(index) ? data.steps[index] : undefined;
          return step ? formatClock(step.fromMs) : '';
        },
      },
    },
    yAxis: [
      {
        type: 'category',
        data: labelsOf(data),
        axisTick: { show: false },
        axisLine,
        // As many as fit, evenly spaced; called at each layout.
        axisLabel: {
          ...text,
          interval: (index: number) =>
            index % Math.max(1, Math.ceil((rows * LABEL_HEIGHT_PX) / Math.max(1, plotHeight()))) === 0,
        },
      },
      { type: 'value', min: 0, max: rows, show: false },
    ],
    series: [
      { ...layer(2, cellsRenderer(data.steps.length, rows, cells)), clip: true },
      { ...layer(3, highRenderer(data, theme)), clip: true },
      ...(data.range !== null || cursor >= 0 ? [layer(4, rangeRenderer(data, cursor, theme))] : []),
      ...(losses.length > 0 ? [layer(5, lossRenderer(theme), losses)] : []),
    ],
  };
}

function cellsRenderer(columns: number, rows: number, cells: HeatmapCells): CustomSeriesRenderItem {
  return (_params, api) => {
    const [x = 0, y = 0] = api.coord([0, rows]);
    const [right = 0, bottom = 0] = api.coord([columns, 0]);
    const [width, height] = [right - x, bottom - y];
    const image = cells.sized(width, height) as unknown as string;
    return { type: 'image', style: { image, x, y, width, height }, silent: true };
  };
}

/** p99 of each interval, as lines between intervals that added something. */
function highRenderer(data: HeatmapData, theme: Theme): CustomSeriesRenderItem {
  return (_params, api) => {
    const lines: [number, number][][] = [[]];
    data.additions.forEach((added, index) => {
      const high = highOf(added);
      if (high === null) lines.push([]);
      else {
        const [x = 0, y = 0] = api.coord([index + 0.5, positionInBins(high, data.bins)]);
        lines.at(-1)?.push([x, y]);
      }
    });
    // A background-coloured outline separates it from cells of every colour.
    const strokes = [
      { stroke: theme.background, lineWidth: 4, opacity: 0.7 },
      { stroke: theme.foreground, lineWidth: 1.5, opacity: 1 },
    ];
    return {
      type: 'group',
      silent: true,
      children: strokes.flatMap(style =>
        lines
          .filter(points => points.length > 1)
          .map(points => ({
            type: 'polyline' as const,
            shape: { points },
            style: { ...style, fill: 'none', lineJoin: 'round' as const },
          })),
      ),
    };
  };
}

/** The selected columns, and the column of the keyboard cursor. */
function rangeRenderer({ range, steps }: HeatmapData, cursor: number, theme: Theme): CustomSeriesRenderItem {
  const first = steps.findIndex(step => range !== null && step.number >= range.first);
  const last = steps.findLastIndex(step => range !== null && step.number <= range.last);
  return (params, api) => {
    const { y, height } = plotArea(params);
    const band = (from: number, to: number, style: object) => {
      const [x = 0] = api.coord([from, 0]);
      const [right = 0] = api.coord([to, 0]);
      const shape = { x, y, width: Math.max(1, right - x), height };
      return { type: 'rect' as const, shape, style, silent: true };
    };
    const chosen = { fill: withAlpha(theme.foreground, 0.1), stroke: theme.focus, lineWidth: 1.5 };
    const current = { fill: 'transparent', stroke: theme.focus, lineWidth: 1, lineDash: [2, 2] };
    return {
      type: 'group',
      children: [
        ...(first >= 0 && last >= first ? [band(first, last + 1, chosen)] : []),
        ...(cursor >= 0 ? [band(cursor, cursor + 1, current)] : []),
      ],
    };
  };
}

function lossRenderer(theme: Theme): CustomSeriesRenderItem {
  const { fontFamily, fontSize } = labelText(theme);
  return (params, api) => {
    const area = plotArea(params);
    const [x = 0] = api.coord([api.value(0), 0]);
    const line = { stroke: theme.error, lineWidth: 1, lineDash: [3, 2] };
    const text = `${formatCount(Number(api.value(1)))} lost`;
    const style = { text, x: x + 8, y: area.y - 14, fill: theme.error, fontFamily, fontSize };
    return {
      type: 'group',
      silent: true,
      children: [...lossMark(x, area, [5, area.y - 9, area.y - 1], line), { type: 'text', style }],
    };
  };
}
