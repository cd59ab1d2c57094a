/** The line of records per second above the rows. */
import type { CustomSeriesRenderItem } from 'echarts';
import { createChart } from '../common/chart';
import { element } from '../common/dom';
import { formatClock, formatCount, formatShort } from '../common/quantity';
import { readTheme, withAlpha } from '../common/theme';
import { RATE_SECONDS, type Rate } from './rate';

export interface RateLine {
  readonly element: HTMLElement;
  readonly table: HTMLTableElement;
  draw(rate: Rate): void;
}

export function createRateLine(): RateLine {
  const host = element('div', { class: 'chart rate', role: 'img' });
  const chart = createChart(host);
  const body = element('tbody');
  const table = element(
    'table',
    { class: 'visually-hidden' },
    element('caption', {}, 'Events per second'),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { scope: 'col' }, 'Second'),
        element('th', { scope: 'col' }, 'Events'),
        element('th', { scope: 'col' }, 'Lost'),
      ),
    ),
    body,
  );
  return {
    element: host,
    table,
    draw: rate => {
      const series = rate.series();
      const theme = readTheme();
      const most = Math.max(1, ...series.map(entry => entry.records));
      host.setAttribute(
        'aria-label',
        `Events per second over the last ${series.length} seconds, at most ${formatCount(most)}`,
      );
      body.replaceChildren(
        ...series
          .slice(-10)
          .map(entry =>
            element(
              'tr',
              { 'data-second': entry.second, 'data-events': entry.records, 'data-lost': entry.lost },
              element('th', { scope: 'row' }, formatClock(entry.second * 1000)),
              element('td', {}, formatCount(entry.records)),
              element('td', {}, formatCount(entry.lost)),
            ),
          ),
      );
      const offset = RATE_SECONDS - series.length;
      const renderLoss: CustomSeriesRenderItem = (params, api) => {
        const area = params.coordSys as unknown as { x: number; y: number; width: number; height: number };
        const [x = 0] = api.coord([api.value(0), 0]);
        return {
          type: 'group',
          children: [
            {
              type: 'line',
              shape: { x1: x, y1: area.y, x2: x, y2: area.y + area.height },
              style: { stroke: theme.error, lineWidth: 1 },
            },
            {
              type: 'polygon',
              shape: {
                points: [
                  [x - 4, area.y],
                  [x + 4, area.y],
                  [x, area.y + 6],
                ],
              },
              style: { fill: theme.error },
            },
          ],
        };
      };
      chart.draw({
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
            data: series.map((entry, index) => [offset + index, entry.records]),
          },
          {
            type: 'custom',
            silent: true,
            renderItem: renderLoss,
            data: series.flatMap((entry, index) => (entry.lost > 0 ? [[offset + index, entry.lost]] : [])),
          },
        ],
      });
    },
  };
}
