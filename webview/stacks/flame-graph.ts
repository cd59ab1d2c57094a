/** The flame graph on a canvas: root at the top, a level per call, widths by weight. Arrow keys move between frames. */
import { element } from '../common/dom';
import { formatShare } from '../common/quantity';
import { Readout } from '../common/readout';
import { readTheme } from '../common/theme';
import { type FlameData, FramePainter, LEVEL_PX } from './flame-drawing';
import { type Box, frameLabel, layoutBoxes, type StackNode } from './stack-tree';

/** Browsers reject larger canvases; deeper levels are cut, but are still in the table. */
const MOST_CANVAS_PX = 16_384;

export class FlameGraph {
  private readonly canvas = element('canvas', { 'aria-hidden': 'true' });
  private readonly readout = new Readout('flame', 'flame graph', this.canvas);
  readonly element = this.readout.host;
  private data: FlameData | null = null;
  private boxes: readonly Box[] = [];
  private active: StackNode | null = null;

  constructor(private readonly onZoom: (node: StackNode) => void) {
    const { canvas, element: host } = this;
    canvas.addEventListener('pointermove', event => {
      const box = this.boxAt(event);
      if (!box) this.hide();
      else if (box.node !== this.active) this.show(box, false);
    });
    canvas.addEventListener('pointerleave', () => this.hide());
    canvas.addEventListener('click', event => {
      const box = this.boxAt(event);
      if (box) onZoom(box.node);
    });
    host.addEventListener('keydown', event => this.key(event));
    host.addEventListener('blur', () => this.hide());
    new ResizeObserver(() => this.redraw()).observe(host);
  }

  draw(next: FlameData): void {
    this.data = next;
    if (this.active && !isBelow(next.zoomed, this.active)) this.hide();
    this.element.setAttribute(
      'aria-label',
      `Flame graph of ${next.format(next.root.total)}${next.zoomed === next.root ? '' : `, zoomed to ${next.zoomed.name}`}. Arrow keys move between frames, Enter zooms, Escape zooms out.`,
    );
    this.redraw();
  }

  redraw(): void {
    const { data, canvas } = this;
    if (!data) return;
    const ratio = window.devicePixelRatio || 1;
    const width = this.element.clientWidth;
    this.boxes = layoutBoxes(data.zoomed, 0.5 / Math.max(1, width)).sort(
      (a, b) => a.level - b.level || a.x - b.x,
    );
    const height = ((this.boxes.at(-1)?.level ?? 0) + 1) * LEVEL_PX;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.min(MOST_CANVAS_PX, Math.round(height * ratio));
    const context = canvas.getContext('2d');
    if (!context) return;
    context.scale(ratio, ratio);
    const painter = new FramePainter(context, readTheme(), data);
    for (const box of this.boxes) painter.paint(box, width, box.node === this.active);
  }

  private boxAt(event: PointerEvent | MouseEvent): Box | undefined {
    const area = this.canvas.getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const level = Math.floor((event.clientY - area.top) / LEVEL_PX);
    return this.boxes.find(box => box.level === level && x >= box.x && x < box.x + box.width);
  }

  private key(event: KeyboardEvent): void {
    const { data, boxes } = this;
    const at = boxes.find(box => box.node === this.active) ?? boxes.find(box => box.node === data?.zoomed);
    if (!data || !at) return;
    const sameLevel = boxes.filter(box => box.level === at.level);
    const children = boxes.filter(box => box.node.parent === at.node);
    const moves: Readonly<Record<string, Box | undefined>> = {
      ArrowUp: boxes.find(box => box.node === at.node.parent),
      ArrowDown: children.sort((a, b) => b.width - a.width)[0],
      ArrowLeft: sameLevel.filter(box => box.x < at.x).at(-1),
      ArrowRight: sameLevel.find(box => box.x > at.x),
      Home: boxes[0],
    };
    if (event.key in moves) {
      event.preventDefault();
      this.show(moves[event.key] ?? at, true);
    } else if (event.key === 'Enter') this.onZoom(at.node);
    else if (event.key === 'Escape' || event.key === 'Backspace') {
      event.preventDefault();
      this.onZoom(data.zoomed.parent ?? data.root);
    }
  }

  private describe(node: StackNode, { format, root }: FlameData): string[] {
    return [
      frameLabel(node) + (node.module === '' ? '' : ` (${node.module})`),
      `${format(node.total)}, ${formatShare(node.total / Math.max(1, root.total))} of all`,
      ...(node.self > 0 ? [`own ${format(node.self)}`] : []),
    ];
  }

  private show(box: Box, speak: boolean): void {
    const { element: host, readout } = this;
    this.active = box.node;
    readout.show(this.data ? this.describe(box.node, this.data) : [], speak);
    const top = box.level * LEVEL_PX;
    const below = top + LEVEL_PX + 4;
    const outside = below + readout.heightPx > host.scrollTop + host.clientHeight;
    readout.moveTo(
      Math.min(box.x * this.canvas.clientWidth + 8, host.clientWidth - readout.widthPx - 8),
      outside ? Math.max(0, top - readout.heightPx - 4) : below,
    );
    if (speak && top < host.scrollTop) host.scrollTop = top;
    else if (speak && top + LEVEL_PX > host.scrollTop + host.clientHeight)
      host.scrollTop = top + LEVEL_PX - host.clientHeight;
    this.redraw();
  }

  private hide(): void {
    this.active = null;
    this.readout.hide();
    this.redraw();
  }
}

function isBelow(zoomed: StackNode, node: StackNode): boolean {
  for (let at: StackNode | null = node; at; at = at.parent) if (at === zoomed) return true;
  return false;
}
