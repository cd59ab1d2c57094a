/** The look of a frame of the flame graph, on a canvas and in a drawing. */
import { escapeText } from '../../src/shared/text/escape';
import { mixColors, type Theme } from '../common/theme';
import { type Box, frameLabel, type StackNode } from './stack-tree';

export const LEVEL_PX = 18;
/** Narrower frames have no label. */
export const LEAST_LABEL_PX = 24;

export interface FlameData {
  readonly root: StackNode;
  readonly zoomed: StackNode;
  readonly matches: ((node: StackNode) => boolean) | null;
  readonly format: (amount: number) => string;
}

/** Fill of a frame: kernel and user hues, varied by name so that neighbours can be distinguished. */
export function fillOf(node: StackNode, theme: Theme): string {
  if (theme.highContrast) return theme.background;
  if (node.kind === 'root') return mixColors(theme.background, theme.foreground, 0.15);
  let hash = 0;
  for (let index = 0; index < node.name.length; index++)
    hash = (hash * 31 + node.name.charCodeAt(index)) % 997;
  const hue = node.kind === 'kernel' ? theme.second : theme.accent;
  return mixColors(theme.background, hue, 0.42 + (hash / 997) * 0.24);
}

/** A frame's label, truncated to the frame's width; estimated first, because measuring is slow. */
export function fittedLabel(context: CanvasRenderingContext2D, node: StackNode, width: number): string {
  const most = width - 8;
  const text = escapeText(frameLabel(node));
  let shown = text.length * 5 > most * 2 ? text.slice(0, Math.ceil(most / 4)) : text;
  if (shown === text && context.measureText(text).width <= most) return text;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > most) shown = shown.slice(0, -1);
  return `${shown}…`;
}

export class FramePainter {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly theme: Theme,
    private readonly data: Pick<FlameData, 'zoomed' | 'matches'>,
  ) {
    context.font = `12px ${theme.font}`;
    context.textBaseline = 'middle';
  }

  /** `width`: of the whole graph, in CSS pixels. */
  paint({ node, x, width: share, level }: Box, width: number, isActive: boolean): void {
    const { context, theme, data } = this;
    const left = x * width;
    const wide = share * width;
    const top = level * LEVEL_PX;
    const matched = data.matches?.(node) ?? false;
    const above = node.depth < data.zoomed.depth;
    context.globalAlpha = (data.matches && !matched) || above ? 0.45 : 1;
    context.fillStyle = matched ? theme.found : fillOf(node, theme);
    context.fillRect(left, top, Math.max(0.5, wide - 1), LEVEL_PX - 1);
    context.globalAlpha = 1;
    if (theme.highContrast) {
      context.strokeStyle = matched ? theme.focus : theme.border;
      context.lineWidth = matched ? 2 : 1;
      // Without hues, kernel frames are dashed.
      context.setLineDash(node.kind === 'kernel' ? [3, 2] : []);
      context.strokeRect(left + 0.5, top + 0.5, Math.max(0.5, wide - 2), LEVEL_PX - 2);
      context.setLineDash([]);
    }
    if (isActive) {
      context.strokeStyle = theme.highContrast ? theme.focus : theme.foreground;
      context.lineWidth = 2;
      context.strokeRect(left + 1, top + 1, Math.max(1, wide - 3), LEVEL_PX - 3);
    }
    if (wide < LEAST_LABEL_PX) return;
    context.fillStyle = matched ? theme.background : theme.foreground;
    context.fillText(fittedLabel(context, node, wide), left + 4, top + LEVEL_PX / 2);
  }
}
