/** Apache ECharts with only the parts we draw with, on canvas, sized by its element. */
import { BarChart, CustomChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, VisualMapComponent } from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([BarChart, CustomChart, HeatmapChart, LineChart, GridComponent, VisualMapComponent, CanvasRenderer]);

export type { ECharts };

export interface Chart {
  readonly echarts: ECharts;
  draw(option: EChartsCoreOption): void;
  dispose(): void;
}

/**
 * A chart filling `host`. The canvas is hidden from screen readers: whoever makes one also gives a table with the same
 * numbers. Animation stays off, because live data never comes to rest and motion may not be wanted.
 */
export function createChart(host: HTMLElement): Chart {
  const canvas = document.createElement('div');
  canvas.className = 'chart-canvas';
  canvas.setAttribute('aria-hidden', 'true');
  host.append(canvas);
  // The size is known only once the element was laid out; the observer reports it at once and on every change.
  const chart = init(canvas, null, {
    renderer: 'canvas',
    width: canvas.clientWidth || 300,
    height: canvas.clientHeight || 150,
  });
  const observer = new ResizeObserver(() => {
    if (canvas.clientWidth > 0 && canvas.clientHeight > 0) {
      chart.resize({ width: canvas.clientWidth, height: canvas.clientHeight });
    }
  });
  observer.observe(canvas);
  return {
    echarts: chart,
    draw: option => chart.setOption({ animation: false, ...option }, { notMerge: true, lazyUpdate: false }),
    dispose: () => {
      observer.disconnect();
      chart.dispose();
      canvas.remove();
    },
  };
}
