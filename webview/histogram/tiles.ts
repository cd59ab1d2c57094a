/** Small multiples: one small chart per histogram or key with common bounds; selecting one shows it large. */
import type { Bucket } from '../../src/shared/decode/model';
import { DataTable } from '../common/data-table';
import { element, setAttributes, setText } from '../common/dom';
import { placeAfter } from '../common/keys';
import { formatCount, formatExactRange, formatQuantity, formatShort } from '../common/quantity';
import { readTheme, withAlpha } from '../common/theme';
import { boundsOf } from './bar-table';
import { type Bin, barsOf } from './bins';
import { p99Factor, percentile } from './percentiles';
import type { Series } from './series';

export interface Tile {
  readonly series: Series;
  readonly name: string;
  readonly bins: readonly Bin[];
  /** Its buckets saved for comparison; null if there are none. */
  readonly frozen: readonly Bucket[] | null;
}

/** A list box: arrow keys move the selection, which is shown immediately. */
export class Tiles {
  private readonly list = element('div', {
    class: 'tiles',
    role: 'listbox',
    'aria-label': 'Histograms',
    tabindex: 0,
  });
  private readonly tables = element('div', { class: 'visually-hidden' });
  readonly element = element('div', { class: 'tiles-pane' }, this.list, this.tables);
  private readonly made = new Map<string, TileElements>();
  private order: readonly string[] = [];
  private selected: string | null = null;

  constructor(private readonly onSelect: (id: string) => void) {
    this.list.addEventListener('keydown', event => {
      const at = this.selected === null ? -1 : this.order.indexOf(this.selected);
      const perRow = columnsOf(this.list);
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: perRow, ArrowUp: -perRow };
      const id = this.order[placeAfter(event, at, this.order.length - 1, steps) ?? -1];
      if (id !== undefined) onSelect(id);
    });
  }

  draw(tiles: readonly Tile[], selectedId: string | null): void {
    const ids = tiles.map(tile => tile.series.id);
    for (const [id, elements] of this.made) {
      if (ids.includes(id)) continue;
      elements.remove();
      this.made.delete(id);
    }
    tiles.forEach((tile, index) => {
      const { option, table } = this.elementsOf(tile.series.id).fill(tile);
      if (this.list.children[index] !== option)
        this.list.insertBefore(option, this.list.children[index] ?? null);
      if (!table.element.isConnected) this.tables.append(table.element);
      const chosen = tile.series.id === selectedId;
      setAttributes(option, { 'aria-selected': String(chosen) });
      if (chosen && this.selected !== selectedId) option.scrollIntoView({ block: 'nearest' });
    });
    // After all are in the document: a canvas gets its size from the page layout.
    for (const id of ids) this.made.get(id)?.paint();
    this.order = ids;
    this.selected = selectedId;
    const active = selectedId === null ? undefined : this.made.get(selectedId)?.option.id;
    setAttributes(this.list, { 'aria-activedescendant': active });
  }

  private elementsOf(id: string): TileElements {
    const known = this.made.get(id);
    if (known) return known;
    const elements = new TileElements(`tile-${this.made.size}-${Date.now()}`);
    elements.option.addEventListener('click', () => this.onSelect(id));
    this.made.set(id, elements);
    return elements;
  }
}

function columnsOf(list: HTMLElement): number {
  const first = list.children[0]?.getBoundingClientRect().top;
  let columns = 0;
  for (const child of list.children) {
    if (child.getBoundingClientRect().top !== first) break;
    columns++;
  }
  return Math.max(1, columns);
}

class TileElements {
  private readonly name = element('span', { class: 'tile-name' });
  private readonly canvas = element('canvas', { 'aria-hidden': 'true' });
  private readonly numbers = element('span', { class: 'tile-numbers muted' });
  readonly table = new DataTable('', [{ heading: 'Range' }, { heading: 'Count' }]);
  readonly option: HTMLElement;
  private counts: readonly number[] = [];
  private painted = '';

  constructor(id: string) {
    this.option = element('div', { class: 'tile', role: 'option', id }, this.name, this.canvas, this.numbers);
  }

  remove(): void {
    this.option.remove();
    this.table.element.remove();
  }

  fill({ series, bins, name, frozen }: Tile): this {
    const bars = barsOf(series.buckets, bins);
    const high = percentile(series.buckets, 0.99);
    const factor = frozen && p99Factor(series.buckets, frozen);
    setText(this.name, name);
    this.option.title = name;
    setText(
      this.numbers,
      [
        ...(high ? [`p99 ${high.atLeast ? '≥ ' : ''}${formatQuantity(high.value, series.unit)}`] : []),
        ...(factor === null ? [] : [`×${Number(factor.toPrecision(2))}`]),
        formatShort(series.total),
      ].join(' · '),
    );
    setAttributes(this.table.element, { 'data-tile': name, 'data-map': series.map });
    this.table.caption(name);
    this.table.fill(bars, bar => {
      const range = formatExactRange(bar.min, bar.max, series.unit);
      return { attributes: boundsOf(bar), cells: [range, formatCount(bar.count)] };
    });
    this.counts = bars.map(bar => bar.count);
    return this;
  }

  /** Plain bars on a small canvas: dozens of them repaint in a millisecond. */
  paint(): void {
    const { canvas, counts } = this;
    const theme = readTheme();
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round((canvas.clientWidth || 150) * ratio);
    const height = Math.round((canvas.clientHeight || 34) * ratio);
    const painted = `${width}x${height} ${theme.kind} ${theme.accent} ${counts.join()}`;
    if (painted === this.painted) return;
    this.painted = painted;
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    if (!context) return;
    const most = Math.max(1, ...counts);
    const step = width / Math.max(1, counts.length);
    context.fillStyle = theme.highContrast ? theme.foreground : withAlpha(theme.accent, 0.85);
    counts.forEach((count, index) => {
      if (count === 0) return;
      // A single value among millions still shows as one pixel.
      const tall = Math.max(ratio, (count / most) * (height - ratio));
      const wide = Math.max(1, Math.floor(step) - (step > 4 ? ratio : 0));
      context.fillRect(Math.floor(index * step), height - tall, wide, tall);
    });
    context.fillStyle = theme.border;
    context.fillRect(0, height - ratio, width, ratio);
  }
}
