/** The line chart of records per second above the rows. */
import type { CustomSeriesRenderItem } from 'echarts';
import { createChart, lossMark, plotArea } from '../common/chart';
import { DataTable } from '../common/data-table';
import { element } from '../common/dom';
import { formatClock, formatCount, formatShort } from '../common/quantity';
import { readTheme, type Theme, withAlpha } from '../common/theme';
import { RATE_SECONDS, type Rate, type Second } from './rate';

/** Seconds in the table, which is read aloud. */
const TABLE_SECONDS = 10;

export class RateLine {
  readonly element = element('div', { class: 'chart rate', role: 'img' });
  private readonly chart = createChart(this.element);
  private readonly data = new DataTable('visually-hidden', [
    { heading: 'Second' },
    { heading: 'Events' },
    { heading: 'Lost' },
  ]);
  readonly table = this.data.element;

  constructor() {
    this.data.caption('Events per second');
  }

  draw(rate: Rate): void {
    const seconds = rate.series();
    const most = Math.max(1, ...seconds.map(entry => entry.records));
    this.element.setAttribute(
      'aria-label',
      `Events per second over the last ${seconds.length} seconds, at most ${formatCount(most)}`,
    );
    this.data.fill(seconds.slice(-TABLE_SECONDS), ({ second, records, lost }) => ({
      attributes: { 'data-second': second, 'data-events': records, 'data-lost': lost },
      cells: [formatClock(second * 1000), formatCount(records), formatCount(lost)],
    }));
    this.chart.draw(rateOption(seconds, most, readTheme()));
  }
}

/** The newest second is at the right end, whatever the number of seconds. */
function rateOption(seconds: readonly Second[], most: number, theme: Theme) {
  const offset = RATE_SECONDS - seconds.length;
  return {
    grid: { left: 44, right: 8, top: 4, bottom: 4 },
    xAxis: { type: 'value', min: 0, max: RATE_SECONDS - 1, show: false },
    yAxis: {
      type: 'value',
      min: 0,
      max: most,
      interval: most,
      axisLabel: {
        color: theme.muted,
        fontFamily: theme.font,
        fontSize: 10,
        formatter: (value: number) => `${formatShort(value)}/s`,
        verticalAlignMinLabel: 'bottom',
        verticalAlignMaxLabel: 'top',
      },
      splitLine: { show: false },
    },
    series: [
      {
        type: 'line',
        step: 'end',
        symbol: 'none',
        silent: true,
        lineStyle: { color: theme.accent, width: 1.5 },
        areaStyle: { color: withAlpha(theme.accent, 0.2) },
        data: seconds.map((entry, index) => [offset + index, entry.records]),
      },
      {
        type: 'custom',
        silent: true,
        renderItem: lossRenderer(theme),
        data: seconds.flatMap((entry, index) => (entry.lost > 0 ? [[offset + index, entry.lost]] : [])),
      },
    ],
  };
}

function lossRenderer(theme: Theme): CustomSeriesRenderItem {
  return (params, api) => {
    const area = plotArea(params);
    const [x = 0] = api.coord([api.value(0), 0]);
    const line = { stroke: theme.error, lineWidth: 1 };
    return { type: 'group', children: lossMark(x, area, [4, area.y, area.y + 6], line) };
  };
}
