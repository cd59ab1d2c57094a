/** Apache ECharts with only the parts we use, on canvas, sized by its element. */
import type { CustomSeriesRenderItemParams } from 'echarts';
import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';
import { captioned, pngOf } from './picture';
import type { Theme } from './theme';

use([BarChart, CustomChart, LineChart, GridComponent, CanvasRenderer, SVGRenderer]);

export interface Chart {
  readonly echarts: ECharts;
  draw(option: EChartsCoreOption): void;
  /** The last drawing at its current size, above it a line of text: SVG as text, PNG as bytes. */
  picture(format: 'svg' | 'png', caption: string): Promise<string | ArrayBuffer>;
}

/**
 * A chart filling `host`. The canvas is hidden from screen readers: the caller must also provide a table with the same
 * numbers. Animation is off, because live data changes constantly and users may prefer no motion.
 */
export function createChart(host: HTMLElement): Chart {
  const canvas = document.createElement('div');
  canvas.className = 'chart-canvas';
  canvas.setAttribute('aria-hidden', 'true');
  host.append(canvas);
  // The size is known only after layout; the observer reports it initially and on every change.
  const chart = init(canvas, null, {
    renderer: 'canvas',
    width: canvas.clientWidth || 300,
    height: canvas.clientHeight || 150,
  });
  new ResizeObserver(() => {
    if (canvas.clientWidth > 0 && canvas.clientHeight > 0)
      chart.resize({ width: canvas.clientWidth, height: canvas.clientHeight });
  }).observe(canvas);
  let drawn: EChartsCoreOption = {};
  return {
    echarts: chart,
    draw: option => {
      drawn = { animation: false, ...option };
      chart.setOption(drawn, { notMerge: true, lazyUpdate: false });
    },
    picture: async (format, caption) => {
      const [width, height] = [chart.getWidth(), chart.getHeight()];
      const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
      drawing.setOption(drawn);
      const svg = captioned(drawing.renderToSVGString(), width, height, caption);
      drawing.dispose();
      return format === 'svg' ? svg : pngOf(svg);
    },
  };
}

/** Text style of axis labels and marks. */
export function labelText({ muted, font }: Theme) {
  return { color: muted, fontFamily: font, fontSize: 11 };
}

/** A grid with fixed margins: ECharts must not estimate the labels' size. */
export function fixedGrid(left: number, right: number, top: number, bottom: number) {
  return { left, right, top, bottom, outerBoundsMode: 'none' };
}

/** The plot area of a custom series, in CSS pixels. */
export function plotArea({ coordSys }: CustomSeriesRenderItemParams) {
  return coordSys as unknown as {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** Where records were lost: a line through the plot, and a triangle from `topY` down to `tipY`. */
export function lossMark(
  x: number,
  { y, height }: { readonly y: number; readonly height: number },
  [half, topY, tipY]: readonly [halfWidth: number, topY: number, tipY: number],
  line: { readonly stroke: string; readonly lineWidth: number; readonly lineDash?: number[] },
) {
  const points = [
    [x - half, topY],
    [x + half, topY],
    [x, tipY],
  ];
  return [
    { type: 'line' as const, shape: { x1: x, y1: y, x2: x, y2: y + height }, style: line },
    { type: 'polygon' as const, shape: { points }, style: { fill: line.stroke } },
  ];
}

const ruler = document.createElement('canvas').getContext('2d');
const measured = new Map<string, number>();

/** Width of one line of text in a CSS font, in CSS pixels. Cached: axes measure the same labels repeatedly. */
export function textWidthPx(text: string, font: string): number {
  const key = `${font} ${text}`;
  const known = measured.get(key);
  if (known !== undefined || !ruler) return known ?? 0;
  if (measured.size > 4096) measured.clear();
  ruler.font = font;
  const { width } = ruler.measureText(text);
  measured.set(key, width);
  return width;
}
