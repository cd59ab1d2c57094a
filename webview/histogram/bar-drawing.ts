/** The ECharts option of a distribution: its bars, the bars it is compared with, and its marks. */
import type { CustomSeriesRenderItem } from 'echarts';
import { fixedGrid, labelText, textWidthPx } from '../common/chart';
import { formatRange, formatShort } from '../common/quantity';
import { readTheme, type Theme, withAlpha } from '../common/theme';
import { type Bar, positionInBins } from './bins';
import { type PlacedMark, placeMarks } from './marks';
import type { Percentile } from './percentiles';

export interface BarChartData {
  readonly name: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  readonly frozen: readonly Bar[] | null;
  readonly marks: readonly Percentile[];
  readonly logCounts: boolean;
}

/** Space around the plot, in CSS pixels: count axis, mark labels above, range labels below. */
export const LEFT = 52;
export const RIGHT = 12;
export const TOP = 40;
const BOTTOM = 36;
/** Lines of text that fit into TOP. */
const MARK_LEVELS = 3;

/** `active`: the highlighted bar, -1 for none. `plotWidth` is called at each layout, in CSS pixels. */
export function barChartOption(data: BarChartData, active: number, plotWidth: () => number) {
  const theme = readTheme();
  const text = labelText(theme);
  const byShare = data.frozen !== null;
  const logCounts = data.logCounts && !byShare;
  const baseline = logCounts ? 0.5 : 0;
  // The unit is below the numbers: narrower labels, so more of them fit.
  const labels = data.bars.map(bar => formatRange(bar.min, bar.max, data.unit).replace(/ (?=\D+$)/, '\n'));
  return {
    grid: fixedGrid(LEFT, RIGHT, TOP, BOTTOM),
    xAxis: [
      {
        type: 'category',
        data: labels,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.border } },
        axisLabel: { ...text, lineHeight: 13, interval: everyNth(labels, text, plotWidth) },
      },
      { type: 'value', min: 0, max: Math.max(1, data.bars.length), show: false },
    ],
    yAxis: {
      type: logCounts ? 'log' : 'value',
      min: baseline,
      axisLabel: {
        ...text,
        formatter: (value: number) => (byShare ? `${value} %` : value === 0.5 ? '0' : formatShort(value)),
      },
      splitLine: { lineStyle: { color: theme.border, opacity: theme.highContrast ? 0.35 : 1 } },
      splitNumber: 4,
    },
    series: [
      barSeries(data, active, theme),
      ...(data.frozen ? [frozenSeries(data.frozen, theme)] : []),
      {
        type: 'custom',
        xAxisIndex: 1,
        z: 5,
        silent: true,
        renderItem: markRenderer(data, baseline, theme),
        encode: { x: 0, y: 1 },
        data: data.marks.map(mark => [positionInBins(mark.value, data.bars), baseline]),
      },
    ],
  };
}

/**
 * As many labels as fit side by side, evenly spaced from the first, none beyond the chart; called at each layout, so
 * that it follows the width.
 */
function everyNth(
  labels: readonly string[],
  { fontFamily, fontSize }: { readonly fontFamily: string; readonly fontSize: number },
  plotWidth: () => number,
): (index: number) => boolean {
  const widths = labels.map(label =>
    Math.max(...label.split('\n').map(line => textWidthPx(line, `${fontSize}px ${fontFamily}`))),
  );
  const widest = Math.max(0, ...widths) + 8;
  return index => {
    const step = Math.max(1, plotWidth()) / labels.length;
    const rightEnd = (index + 0.5) * step + (widths[index] ?? 0) / 2;
    return index % Math.max(1, Math.ceil(widest / step)) === 0 && rightEnd <= plotWidth() + RIGHT;
  };
}

/** Counts; shares in percent if compared with another run, whose totals differ. */
function barSeries({ bars, frozen, logCounts }: BarChartData, active: number, theme: Theme) {
  const { highContrast } = theme;
  return {
    type: 'bar',
    name: frozen ? 'B, now' : 'count',
    barCategoryGap: bars.length > 48 ? '4%' : '12%',
    ...(frozen ? { barGap: '-100%' } : {}),
    itemStyle: {
      color: highContrast ? theme.background : withAlpha(theme.accent, 0.75),
      borderColor: highContrast ? theme.foreground : theme.accent,
      borderWidth: highContrast ? 1 : 0,
      borderRadius: [2, 2, 0, 0],
    },
    // Plain numbers: with a style per item ECharts builds a model for each bar.
    data: bars.map((bar, index) => {
      // A log axis has no zero: nothing is drawn for an empty bar.
      const value = bar.count === 0 && logCounts ? '-' : frozen ? bar.share * 100 : bar.count;
      if (index !== active) return value;
      return { value, itemStyle: { color: highContrast ? theme.focus : theme.accent, borderWidth: 1 } };
    }),
  };
}

function frozenSeries(frozen: readonly Bar[], theme: Theme) {
  return {
    type: 'bar',
    name: 'A',
    z: 3,
    barCategoryGap: '12%',
    silent: true,
    itemStyle: {
      color: 'transparent',
      // Visible in every theme: dashes, not hue, distinguish A from the current counts.
      borderColor: theme.foreground,
      borderWidth: 1.5,
      borderType: 'dashed',
    },
    data: frozen.map(bar => bar.share * 100),
  };
}

/** A line per percentile, from its label above the plot down to the axis. */
function markRenderer({ marks, bars }: BarChartData, baseline: number, theme: Theme): CustomSeriesRenderItem {
  const text = labelText(theme);
  let placed: readonly PlacedMark[] = [];
  return (params, api) => {
    // Draws all marks with the first item: where a label fits depends on the others.
    if (params.dataIndex === 0)
      placed = placeMarks(
        marks.map(mark => ({
          name: mark.name,
          x: api.coord([positionInBins(mark.value, bars), baseline])[0] ?? 0,
        })),
        api.getWidth() - RIGHT,
        MARK_LEVELS,
        label => textWidthPx(label, `${text.fontSize}px ${text.fontFamily}`),
      );
    const mark = placed[params.dataIndex];
    if (!mark) return null;
    const { x, toLeft } = mark;
    const [, bottom = 0] = api.coord([0, baseline]);
    const y = 5 + mark.level * 11;
    const lineDash = mark.isMax ? [1, 3] : [4, 3];
    return {
      type: 'group',
      children: [
        {
          type: 'line',
          shape: { x1: x, y1: y + 2, x2: x, y2: bottom },
          style: { stroke: theme.foreground, lineWidth: 1, lineDash, opacity: 0.8 },
          silent: true,
        },
        {
          type: 'text',
          style: {
            // Only the name: the values are in the line above the chart, and neighbours would overlap.
            text: mark.label,
            x: toLeft ? x - 4 : x + 4,
            y,
            align: toLeft ? 'right' : 'left',
            verticalAlign: 'top',
            fill: theme.foreground,
            fontFamily: text.fontFamily,
            fontSize: text.fontSize,
            // A background in the panel's colour keeps the label readable over a neighbour's line.
            backgroundColor: theme.background,
            padding: [0, 2],
          },
          silent: true,
        },
      ],
    };
  };
}
