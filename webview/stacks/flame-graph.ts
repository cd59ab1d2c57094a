/** The flame graph on a canvas: root at the top, a level per call, widths by weight. Arrow keys walk the frames. */

import { escapeText } from '../../src/shared/text/escape';
import { element, setText } from '../common/dom';
import { formatShare } from '../common/quantity';
import { mixColors, readTheme, type Theme } from '../common/theme';
import { type Box, frameLabel, layoutBoxes, type StackNode } from './stack-tree';

export const LEVEL_PX = 18;

export interface FlameData {
  readonly root: StackNode;
  readonly zoomed: StackNode;
  readonly matches: ((node: StackNode) => boolean) | null;
  readonly format: (amount: number) => string;
}

export interface FlameGraph {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  draw(data: FlameData): void;
  redraw(): void;
}

/** Fill of a frame: kernel and user hues, varied by name so that neighbours are told apart. */
export function fillOf(node: StackNode, theme: Theme): string {
  if (theme.highContrast) return theme.background;
  if (node.kind === 'root') return mixColors(theme.background, theme.foreground, 0.15);
  let hash = 0;
  for (let index = 0; index < node.name.length; index++)
    hash = (hash * 31 + node.name.charCodeAt(index)) % 997;
  const hue = node.kind === 'kernel' ? theme.second : theme.accent;
  return mixColors(theme.background, hue, 0.42 + (hash / 997) * 0.24);
}

export function createFlameGraph(onZoom: (node: StackNode) => void): FlameGraph {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const readout = element('div', { class: 'readout', hidden: true });
  const spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  const host = element(
    'div',
    { class: 'flame', tabindex: 0, role: 'application', 'aria-roledescription': 'flame graph' },
    canvas,
    readout,
    spoken,
  );
  let data: FlameData | null = null;
  let boxes: readonly Box[] = [];
  let active: StackNode | null = null;

  const boxAt = (event: PointerEvent | MouseEvent): Box | undefined => {
    const area = canvas.getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const level = Math.floor((event.clientY - area.top) / LEVEL_PX);
    return boxes.find(box => box.level === level && x >= box.x && x < box.x + box.width);
  };
  const describe = (node: StackNode): string[] => {
    if (!data) return [];
    const share = node.total / Math.max(1, data.root.total);
    return [
      frameLabel(node) + (node.module === '' ? '' : ` (${node.module})`),
      `${data.format(node.total)}, ${formatShare(share)} of all`,
      ...(node.self > 0 ? [`own ${data.format(node.self)}`] : []),
    ];
  };
  const show = (box: Box, speak: boolean): void => {
    active = box.node;
    const [first, ...rest] = describe(box.node);
    readout.replaceChildren(
      element('strong', {}, first ?? ''),
      ...rest.map(line => element('div', {}, line)),
    );
    readout.hidden = false;
    const left = Math.min(box.x * canvas.clientWidth + 8, host.clientWidth - readout.offsetWidth - 8);
    readout.style.left = `${Math.max(0, left)}px`;
    const below = (box.level + 1) * LEVEL_PX + 4;
    const outside = below + readout.offsetHeight > host.scrollTop + host.clientHeight;
    readout.style.top = `${outside ? Math.max(0, box.level * LEVEL_PX - readout.offsetHeight - 4) : below}px`;
    if (speak) {
      setText(spoken, [first, ...rest].join(', '));
      const top = box.level * LEVEL_PX;
      if (top < host.scrollTop) host.scrollTop = top;
      else if (top + LEVEL_PX > host.scrollTop + host.clientHeight)
        host.scrollTop = top + LEVEL_PX - host.clientHeight;
    }
    paint();
  };
  const hide = (): void => {
    active = null;
    readout.hidden = true;
    paint();
  };

  canvas.addEventListener('pointermove', event => {
    const box = boxAt(event);
    if (!box) hide();
    else if (box.node !== active) show(box, false);
  });
  canvas.addEventListener('pointerleave', hide);
  canvas.addEventListener('click', event => {
    const box = boxAt(event);
    if (box) onZoom(box.node);
  });
  host.addEventListener('keydown', event => {
    if (!data) return;
    const at = boxes.find(box => box.node === active) ?? boxes.find(box => box.node === data?.zoomed);
    if (!at) return;
    const near = (candidates: readonly Box[]): Box | undefined => candidates[0];
    const sameLevel = boxes.filter(box => box.level === at.level);
    const moves: Readonly<Record<string, () => Box | undefined>> = {
      ArrowUp: () => boxes.find(box => box.node === at.node.parent),
      ArrowDown: () =>
        near(boxes.filter(box => box.node.parent === at.node).sort((a, b) => b.width - a.width)),
      ArrowLeft: () => sameLevel.filter(box => box.x < at.x).at(-1),
      ArrowRight: () => sameLevel.find(box => box.x > at.x),
      Home: () => boxes[0],
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      show(move() ?? at, true);
    } else if (event.key === 'Enter') onZoom(at.node);
    else if (event.key === 'Escape' || event.key === 'Backspace') {
      event.preventDefault();
      onZoom(data.zoomed.parent ?? data.root);
    }
  });
  host.addEventListener('blur', hide);
  new ResizeObserver(() => paint()).observe(host);

  const paint = (): void => {
    if (!data) return;
    const theme = readTheme();
    const ratio = window.devicePixelRatio || 1;
    const width = host.clientWidth;
    boxes = layoutBoxes(data.zoomed, 0.5 / Math.max(1, width)).sort((a, b) => a.level - b.level || a.x - b.x);
    const levels = boxes.reduce((most, box) => Math.max(most, box.level), 0) + 1;
    const height = levels * LEVEL_PX;
    canvas.style.height = `${height}px`;
    // Beyond this browsers refuse the canvas; deeper levels are cut, and the table still has them.
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.min(16_384, Math.round(height * ratio));
    const context = canvas.getContext('2d');
    if (!context) return;
    context.scale(ratio, ratio);
    context.font = `12px ${theme.font}`;
    context.textBaseline = 'middle';
    const highContrast = theme.highContrast;
    for (const { node, x, width: share, level } of boxes) {
      const left = x * width;
      const wide = share * width;
      const top = level * LEVEL_PX;
      const matched = data.matches?.(node) ?? false;
      const above = node.depth < data.zoomed.depth;
      context.globalAlpha = (data.matches && !matched) || above ? 0.45 : 1;
      context.fillStyle = matched ? theme.found : fillOf(node, theme);
      context.fillRect(left, top, Math.max(0.5, wide - 1), LEVEL_PX - 1);
      context.globalAlpha = 1;
      if (highContrast) {
        context.strokeStyle = matched ? theme.focus : theme.border;
        context.lineWidth = matched ? 2 : 1;
        // Without hues, kernel frames are dashed.
        context.setLineDash(node.kind === 'kernel' ? [3, 2] : []);
        context.strokeRect(left + 0.5, top + 0.5, Math.max(0.5, wide - 2), LEVEL_PX - 2);
        context.setLineDash([]);
      }
      if (node === active) {
        context.strokeStyle = highContrast ? theme.focus : theme.foreground;
        context.lineWidth = 2;
        context.strokeRect(left + 1, top + 1, Math.max(1, wide - 3), LEVEL_PX - 3);
      }
      if (wide < 24) continue;
      context.fillStyle = matched ? theme.background : theme.foreground;
      context.fillText(fitted(context, frameLabel(node), wide - 8), left + 4, top + LEVEL_PX / 2);
    }
  };
  return {
    element: host,
    canvas,
    redraw: paint,
    draw: next => {
      data = next;
      if (active && !layoutHas(next.zoomed, active)) hide();
      host.setAttribute(
        'aria-label',
        `Flame graph of ${next.format(next.root.total)}${next.zoomed === next.root ? '' : `, zoomed to ${next.zoomed.name}`}. Arrow keys walk the frames, Enter zooms, Escape zooms out.`,
      );
      paint();
    },
  };
}

function layoutHas(zoomed: StackNode, node: StackNode): boolean {
  for (let at: StackNode | null = node; at; at = at.parent) if (at === zoomed) return true;
  return false;
}

/** As much of a text as fits, with an ellipsis; by estimate first, since measuring is what costs. */
export function fitted(context: CanvasRenderingContext2D, label: string, width: number): string {
  const text = escapeText(label);
  let shown = text.length * 5 > width * 2 ? text.slice(0, Math.ceil(width / 4)) : text;
  if (shown === text && context.measureText(text).width <= width) return text;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
}
