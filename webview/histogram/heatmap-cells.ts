/** The cells of a heat map as one picture: one pixel each, scaled up without smoothing. */
import { colorParts, mixColors, type Theme } from '../common/theme';

export class HeatmapCells {
  private readonly cells = document.createElement('canvas');
  private readonly scaled = document.createElement('canvas');

  /** `counts`: per column, from the lowest bin up. The ramp is logarithmic, so that a single outlier is visible beside a million. */
  paint(counts: readonly Float64Array[], rows: number, theme: Theme): void {
    const { cells } = this;
    const columns = Math.max(1, counts.length);
    cells.width = columns;
    cells.height = Math.max(1, rows);
    const context = cells.getContext('2d');
    if (!context) return;
    let most = 0;
    for (const column of counts) for (const count of column) if (count > most) most = count;
    const ramp = Array.from({ length: 17 }, (_, level) => colorParts(rampColor(theme, level / 16)));
    const scale = most > 0 ? 15 / Math.log2(most + 1) : 0;
    const picture = context.createImageData(columns, cells.height);
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

  /** The picture in CSS pixels; the canvas is redrawn with each call. */
  sized(width: number, height: number): HTMLCanvasElement {
    const { scaled } = this;
    const ratio = window.devicePixelRatio || 1;
    scaled.width = Math.max(1, Math.round(width * ratio));
    scaled.height = Math.max(1, Math.round(height * ratio));
    const context = scaled.getContext('2d');
    if (context) {
      context.imageSmoothingEnabled = false;
      context.drawImage(this.cells, 0, 0, scaled.width, scaled.height);
    }
    return scaled;
  }
}

/** From just off the background, through the accent, towards the foreground: the order is visible without hue. */
function rampColor(theme: Theme, share: number): string {
  if (theme.highContrast) return mixColors(theme.background, theme.foreground, 0.25 + share * 0.75);
  return share < 0.6
    ? mixColors(theme.background, theme.accent, 0.18 + (share / 0.6) * 0.82)
    : mixColors(theme.accent, theme.foreground, ((share - 0.6) / 0.4) * 0.85);
}
