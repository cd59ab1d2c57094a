/** How a heat map is drawn: its cells as one picture, and ECharts' option around it. */
import type { CustomSeriesRenderItem } from 'echarts';
import { textWidthPx } from '../common/chart';
import { formatClock, formatCount, formatRange } from '../common/quantity';
import { colorParts, mixColors, type Theme, withAlpha } from '../common/theme';
import { positionInBins } from './bins';
import { type HeatmapData, highOf } from './heatmap-data';

/** Space around the plot, in CSS pixels: loss marks above, clock below; to the left what leftOf says. */
export const RIGHT = 12;
export const TOP = 20;
export const BOTTOM = 36;
const LABEL_PX = 11;
/** From a range's label to its axis. */
const LABEL_GAP_PX = 14;
/** A line of an axis label. */
const LABEL_HEIGHT_PX = 14;

function labelsOf(data: Pick<HeatmapData, 'bins' | 'unit'>): string[] {
  return data.bins.map(bin => formatRange(bin.min, bin.max, data.unit));
}

/** Room that the labels of the ranges need, in CSS pixels. */
export function leftOf(data: Pick<HeatmapData, 'bins' | 'unit'>, theme: Theme): number {
  const widths = labelsOf(data).map(label => textWidthPx(label, `${LABEL_PX}px ${theme.font}`));
  return Math.ceil(Math.max(0, ...widths)) + LABEL_GAP_PX;
}

/** One canvas pixel per cell; a logarithmic ramp, so that a single outlier is seen beside a million. */
export function paintCells(
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

/** `cells`: what paintCells made; `scaled`: a canvas of the chart's own, made anew in the size that is needed. */
export function heatmapOption(
  data: HeatmapData,
  columns: number,
  cells: HTMLCanvasElement,
  scaled: HTMLCanvasElement,
  theme: Theme,
  cursor: number,
  plotHeight: () => number,
) {
  const text = { color: theme.muted, fontFamily: theme.font, fontSize: LABEL_PX };
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
        image: sharp(cells, scaled, right - left, bottom - top) as unknown as string,
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
  const renderHigh: CustomSeriesRenderItem = (_params, api) => {
    const lines: [number, number][][] = [[]];
    data.additions.forEach((added, index) => {
      const high = highOf(added);
      if (high === null) lines.push([]);
      else {
        const [x = 0, y = 0] = api.coord([index + 0.5, positionInBins(high, data.bins)]);
        lines.at(-1)?.push([x, y]);
      }
    });
    // A band of the background keeps it apart from cells of every colour.
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
    // The margins are given: nothing is to be estimated for the labels.
    grid: { left: leftOf(data, theme), right: RIGHT, top: TOP, bottom: BOTTOM, outerBoundsMode: 'none' },
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
        data: labelsOf(data),
        axisTick: { show: false },
        axisLine: { show: true, lineStyle: { color: theme.border } },
        // As many as have room, at even distances; asked at each layout.
        axisLabel: {
          ...text,
          interval: (index: number) =>
            index % Math.max(1, Math.ceil((rows * LABEL_HEIGHT_PX) / Math.max(1, plotHeight()))) === 0,
        },
      },
      { type: 'value', min: 0, max: rows, show: false },
    ],
    series: [
      { type: 'custom', yAxisIndex: 1, renderItem: renderCells, data: [[0, 0]], silent: true, clip: true },
      {
        type: 'custom',
        yAxisIndex: 1,
        renderItem: renderHigh,
        data: [[0, 0]],
        silent: true,
        z: 3,
        clip: true,
      },
      ...(data.range !== null || cursor >= 0
        ? [{ type: 'custom', yAxisIndex: 1, renderItem: renderRange, data: [[0, 0]], silent: true, z: 4 }]
        : []),
      ...(losses.length > 0
        ? [
            {
              type: 'custom',
              yAxisIndex: 1,
              renderItem: renderLoss,
              data: losses,
              silent: true,
              z: 5,
              clip: false,
            },
          ]
        : []),
    ],
  };
}

/** The cell picture at its size on screen in `scaled`, without smoothing between cells. */
function sharp(
  cells: HTMLCanvasElement,
  scaled: HTMLCanvasElement,
  width: number,
  height: number,
): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  scaled.width = Math.max(1, Math.round(width * ratio));
  scaled.height = Math.max(1, Math.round(height * ratio));
  const context = scaled.getContext('2d');
  if (context) {
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, 0, 0, scaled.width, scaled.height);
  }
  return scaled;
}
