/** Small multiples: one small chart per histogram or key on common bounds; choosing one shows it large. */

import type { Bucket } from '../../src/shared/decode/model';
import { element, setAttributes, setText } from '../common/dom';
import { formatCount, formatExactRange, formatQuantity, formatShort } from '../common/quantity';
import { readTheme, withAlpha } from '../common/theme';
import { type Bin, barsOf } from './bins';
import { p99Factor, percentile } from './percentiles';
import type { Series } from './series';

export interface Tile {
  readonly series: Series;
  readonly name: string;
  readonly bins: readonly Bin[];
  /** What was set aside of it, to be compared with; null when nothing was. */
  readonly frozen: readonly Bucket[] | null;
}

export interface Tiles {
  readonly element: HTMLElement;
  draw(tiles: readonly Tile[], selectedId: string | null): void;
}

interface TileElements {
  readonly option: HTMLElement;
  readonly name: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly numbers: HTMLElement;
  readonly table: HTMLTableElement;
  drawn: string;
}

/** A list box: arrow keys move the choice, which is shown at once. */
export function createTiles(onSelect: (id: string) => void): Tiles {
  const list = element('div', { class: 'tiles', role: 'listbox', 'aria-label': 'Histograms', tabindex: 0 });
  const tables = element('div', { class: 'visually-hidden' });
  const host = element('div', { class: 'tiles-pane' }, list, tables);
  const made = new Map<string, TileElements>();
  let order: readonly string[] = [];
  let selected: string | null = null;

  const make = (id: string): TileElements => {
    const name = element('span', { class: 'tile-name' });
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    const numbers = element('span', { class: 'tile-numbers muted' });
    const option = element(
      'div',
      { class: 'tile', role: 'option', id: `tile-${made.size}-${Date.now()}` },
      name,
      canvas,
      numbers,
    );
    option.addEventListener('click', () => onSelect(id));
    const body = element('tbody');
    const head = element(
      'thead',
      {},
      element('tr', {}, element('th', { scope: 'col' }, 'Range'), element('th', { scope: 'col' }, 'Count')),
    );
    const table = element('table', {}, element('caption'), head, body);
    return { option, name, canvas, numbers, table, drawn: '' };
  };

  list.addEventListener('keydown', event => {
    const at = selected === null ? -1 : order.indexOf(selected);
    const perRow = columnsOf(list);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + perRow,
      ArrowUp: at - perRow,
      Home: 0,
      End: order.length - 1,
    };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const id = order[Math.max(0, Math.min(order.length - 1, target))];
    if (id !== undefined) onSelect(id);
  });

  return {
    element: host,
    draw: (tiles, selectedId) => {
      const ids = tiles.map(tile => tile.series.id);
      for (const [id, elements] of made) {
        if (ids.includes(id)) continue;
        elements.option.remove();
        elements.table.remove();
        made.delete(id);
      }
      tiles.forEach((tile, index) => {
        let elements = made.get(tile.series.id);
        if (!elements) {
          elements = make(tile.series.id);
          made.set(tile.series.id, elements);
        }
        if (list.children[index] !== elements.option)
          list.insertBefore(elements.option, list.children[index] ?? null);
        if (!elements.table.isConnected) tables.append(elements.table);
        const chosen = tile.series.id === selectedId;
        setAttributes(elements.option, { 'aria-selected': String(chosen) });
        if (chosen && selected !== selectedId) elements.option.scrollIntoView({ block: 'nearest' });
        fill(elements, tile);
      });
      order = ids;
      selected = selectedId;
      const active = selectedId === null ? undefined : made.get(selectedId)?.option.id;
      setAttributes(list, { 'aria-activedescendant': active });
    },
  };
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

function fill(elements: TileElements, tile: Tile): void {
  const { series, bins } = tile;
  const bars = barsOf(series.buckets, bins);
  const high = percentile(series.buckets, 0.99);
  const factor = tile.frozen && p99Factor(series.buckets, tile.frozen);
  setText(elements.name, tile.name);
  elements.option.title = tile.name;
  setText(
    elements.numbers,
    [
      ...(high ? [`p99 ${high.atLeast ? '≥ ' : ''}${formatQuantity(high.value, series.unit)}`] : []),
      ...(factor === null ? [] : [`×${Number(factor.toPrecision(2))}`]),
      formatShort(series.total),
    ].join(' · '),
  );
  const { table } = elements;
  setAttributes(table, { 'data-tile': tile.name, 'data-map': series.map });
  if (table.caption) setText(table.caption, tile.name);
  const body = table.tBodies[0];
  if (body) {
    while (body.rows.length > bars.length) body.deleteRow(-1);
    while (body.rows.length < bars.length)
      body.append(element('tr', {}, element('th', { scope: 'row' }), element('td')));
    bars.forEach((bar, index) => {
      const row = body.rows[index];
      if (!row) return;
      setAttributes(row, {
        'data-min': String(bar.min),
        'data-max': String(bar.max),
        'data-count': bar.count,
      });
      const [range, count] = row.cells;
      if (range) setText(range, formatExactRange(bar.min, bar.max, series.unit));
      if (count) setText(count, formatCount(bar.count));
    });
  }
  paint(
    elements,
    bars.map(bar => bar.count),
  );
}

/** Plain bars on a small canvas: dozens of them repaint in a millisecond. */
function paint(elements: TileElements, counts: readonly number[]): void {
  const { canvas } = elements;
  const theme = readTheme();
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round((canvas.clientWidth || 150) * ratio);
  const height = Math.round((canvas.clientHeight || 34) * ratio);
  const drawn = `${width}x${height} ${theme.kind} ${theme.accent} ${counts.join()}`;
  if (drawn === elements.drawn) return;
  elements.drawn = drawn;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  const most = Math.max(1, ...counts);
  const step = width / Math.max(1, counts.length);
  context.fillStyle = theme.kind.startsWith('high-contrast')
    ? theme.foreground
    : withAlpha(theme.accent, 0.85);
  counts.forEach((count, index) => {
    if (count === 0) return;
    // A single value among millions still shows as one pixel.
    const tall = Math.max(ratio, (count / most) * (height - ratio));
    context.fillRect(
      Math.floor(index * step),
      height - tall,
      Math.max(1, Math.floor(step) - (step > 4 ? ratio : 0)),
      tall,
    );
  });
  context.fillStyle = theme.border;
  context.fillRect(0, height - ratio, width, ratio);
}
