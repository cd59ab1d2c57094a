/** One distribution as bars over its true bounds, with percentile marks; bars are walked with the arrow keys. */
import type { CustomSeriesRenderItem } from 'echarts';
import { type Chart, createChart, textWidthPx } from '../common/chart';
import { element, setText } from '../common/dom';
import { formatCount, formatQuantity, formatRange, formatShare, formatShort } from '../common/quantity';
import { readTheme, withAlpha } from '../common/theme';
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

export interface BarChart {
  readonly element: HTMLElement;
  draw(data: BarChartData): void;
  redraw(): void;
  chart(): Chart;
}

/** Space around the plot, in CSS pixels: count axis, mark labels above, range labels below. */
const LEFT = 52;
const RIGHT = 12;
const TOP = 40;
const BOTTOM = 36;
const LABEL_PX = 11;
/** Lines of text that fit into TOP. */
const MARK_LEVELS = 3;

export function createBarChart(): BarChart {
  const readout = element('div', { class: 'readout', hidden: true });
  const spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  const host = element(
    'div',
    { class: 'chart bar-chart', tabindex: 0, role: 'application', 'aria-roledescription': 'histogram' },
    readout,
    spoken,
  );
  const chart = createChart(host);
  let data: BarChartData | null = null;
  let active = -1;

  const describe = (bar: Bar, index: number): string[] => {
    const lines = [
      formatRange(bar.min, bar.max, data?.unit ?? ''),
      `Count ${formatCount(bar.count)}`,
      `Share ${formatShare(bar.share)}`,
      `Cumulative ${formatShare(bar.cumulativeShare)}`,
    ];
    const was = data?.frozen?.[index];
    if (was) {
      const points = (bar.share - was.share) * 100;
      lines.push(
        `A ${formatCount(was.count)}, ${formatShare(was.share)} (${points > 0 ? '+' : ''}${points.toFixed(1)} points)`,
      );
    }
    return lines;
  };

  const show = (index: number, speak: boolean): void => {
    const bar = data?.bars[index];
    if (!data || !bar) {
      hide();
      return;
    }
    active = index;
    const [first, ...rest] = describe(bar, index);
    readout.replaceChildren(
      element('strong', {}, first ?? ''),
      ...rest.map(line => element('div', {}, line)),
    );
    readout.hidden = false;
    const step = (host.clientWidth - LEFT - RIGHT) / data.bars.length;
    const x = LEFT + (index + 0.5) * step;
    const left =
      x + step / 2 + 6 + readout.offsetWidth > host.clientWidth
        ? x - step / 2 - 6 - readout.offsetWidth
        : x + step / 2 + 6;
    readout.style.left = `${Math.max(0, left)}px`;
    readout.style.top = `${TOP}px`;
    if (speak) setText(spoken, [first, ...rest].join(', '));
    paint();
  };
  const hide = (): void => {
    active = -1;
    readout.hidden = true;
    paint();
  };

  host.addEventListener('pointermove', event => {
    if (!data || data.bars.length === 0) return;
    const box = host.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    const index = Math.floor(share * data.bars.length);
    if (index < 0 || index >= data.bars.length) hide();
    else if (index !== active) show(index, false);
  });
  host.addEventListener('pointerleave', hide);
  host.addEventListener('blur', hide);
  host.addEventListener('keydown', event => {
    if (!data) return;
    const last = data.bars.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(last, active + 1),
      ArrowLeft: active < 0 ? last : Math.max(0, active - 1),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      show(target, true);
    } else if (event.key === 'Escape') hide();
  });

  const paint = (): void => {
    if (data) chart.draw(optionFor(data, active, () => chart.echarts.getWidth() - LEFT - RIGHT));
  };
  return {
    element: host,
    chart: () => chart,
    redraw: paint,
    draw: next => {
      data = next;
      const peak = next.bars.reduce<Bar | null>(
        (best, bar) => (!best || bar.count > best.count ? bar : best),
        null,
      );
      const marks = next.marks.map(
        mark => `${mark.name} ${mark.atLeast ? 'at least ' : ''}${formatQuantity(mark.value, next.unit)}`,
      );
      host.setAttribute(
        'aria-label',
        `${next.name}: ${next.bars.length} bars, ${peak ? `most between ${formatRange(peak.min, peak.max, next.unit)}` : 'no values'}. ${marks.join(', ')}. Arrow keys walk the bars.`,
      );
      if (active >= 0 && !readout.hidden) show(Math.min(active, next.bars.length - 1), false);
      else paint();
    },
  };
}

/**
 * As many labels as fit side by side, at even distances from the first, and none that would leave the chart; asked at
 * each layout, so that it follows the width.
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

function optionFor(data: BarChartData, active: number, plotWidth: () => number) {
  const theme = readTheme();
  const highContrast = theme.kind.startsWith('high-contrast');
  const byShare = data.frozen !== null;
  const heightOf = (bar: Bar): number => (byShare ? bar.share * 100 : bar.count);
  const marks = data.marks;
  const fill = highContrast ? theme.background : withAlpha(theme.accent, 0.75);
  const text = { color: theme.muted, fontFamily: theme.font, fontSize: LABEL_PX };
  const axisLine = { lineStyle: { color: theme.border } };

  const labels = data.bars.map(bar => formatRange(bar.min, bar.max, data.unit).replace(/ (?=\D+$)/, '\n'));
  const baseline = data.logCounts && !byShare ? 0.5 : 0;

  let placed: readonly PlacedMark[] = [];
  const renderMark: CustomSeriesRenderItem = (params, api) => {
    const xOf = (mark: Percentile): number =>
      api.coord([positionInBins(mark.value, data.bars), baseline])[0] ?? 0;
    if (params.dataIndex === 0)
      placed = placeMarks(
        marks.map(mark => ({ name: mark.name, x: xOf(mark) })),
        api.getWidth() - RIGHT,
        MARK_LEVELS,
        label => textWidthPx(label, `${LABEL_PX}px ${theme.font}`),
      );
    const mark = placed[params.dataIndex];
    if (!mark) return null;
    const { x, toLeft } = mark;
    const [, bottom = 0] = api.coord([0, baseline]);
    const y = 5 + mark.level * 11;
    return {
      type: 'group',
      children: [
        {
          type: 'line',
          shape: { x1: x, y1: y + 2, x2: x, y2: bottom },
          style: {
            stroke: theme.foreground,
            lineWidth: 1,
            lineDash: mark.isMax ? [1, 3] : [4, 3],
            opacity: 0.8,
          },
          silent: true,
        },
        {
          type: 'text',
          style: {
            // The name alone: the values stand in the line above the chart, and neighbours would collide.
            text: mark.label,
            x: toLeft ? x - 4 : x + 4,
            y,
            align: toLeft ? 'right' : 'left',
            verticalAlign: 'top',
            fill: theme.foreground,
            fontFamily: theme.font,
            fontSize: LABEL_PX,
            // A band of the panel's colour keeps the label readable over a neighbour's line.
            backgroundColor: theme.background,
            padding: [0, 2],
          },
          silent: true,
        },
      ],
    };
  };

  return {
    // The margins are given: nothing is to be estimated for the labels.
    grid: { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM, outerBoundsMode: 'none' },
    xAxis: [
      {
        type: 'category',
        // The unit goes below the numbers: narrower labels, so more of them fit.
        data: labels,
        axisTick: { show: false },
        axisLine,
        axisLabel: { ...text, lineHeight: 13, interval: everyNth(labels, text, plotWidth) },
      },
      { type: 'value', min: 0, max: Math.max(1, data.bars.length), show: false },
    ],
    yAxis: {
      type: data.logCounts && !byShare ? 'log' : 'value',
      min: data.logCounts && !byShare ? 0.5 : 0,
      axisLabel: {
        ...text,
        formatter: (value: number) => (byShare ? `${value} %` : value === 0.5 ? '0' : formatShort(value)),
      },
      splitLine: { lineStyle: { color: theme.border, opacity: highContrast ? 0.35 : 1 } },
      splitNumber: 4,
    },
    series: [
      {
        type: 'bar',
        name: byShare ? 'B, now' : 'count',
        barCategoryGap: data.bars.length > 48 ? '4%' : '12%',
        ...(byShare ? { barGap: '-100%' } : {}),
        itemStyle: {
          color: fill,
          borderColor: highContrast ? theme.foreground : theme.accent,
          borderWidth: highContrast ? 1 : 0,
          borderRadius: [2, 2, 0, 0],
        },
        // Plain numbers: a style of its own makes ECharts build a model for each bar.
        data: data.bars.map((bar, index) => {
          // A log axis has no zero: nothing is drawn for an empty bar.
          const value = bar.count === 0 && data.logCounts ? '-' : heightOf(bar);
          if (index !== active) return value;
          return {
            value,
            itemStyle: { color: highContrast ? theme.focus : theme.accent, borderWidth: 1 },
          };
        }),
      },
      ...(data.frozen
        ? [
            {
              type: 'bar',
              name: 'A',
              z: 3,
              barCategoryGap: '12%',
              silent: true,
              itemStyle: {
                color: 'transparent',
                // Strong in every theme; dashes, not hue, tell A from now.
                borderColor: theme.foreground,
                borderWidth: 1.5,
                borderType: 'dashed',
              },
              data: data.frozen.map(heightOf),
            },
          ]
        : []),
      {
        type: 'custom',
        xAxisIndex: 1,
        z: 5,
        silent: true,
        renderItem: renderMark,
        encode: { x: 0, y: 1 },
        data: marks.map(mark => [positionInBins(mark.value, data.bars), baseline]),
      },
    ],
  };
}
