/** The list of records: only rows in view exist as elements and only they are decoded. */
import { isNumeric } from '../../src/shared/decode/meaning-class';
import type { Field } from '../../src/shared/object/model';
import { ColumnWidths } from '../common/column-widths';
import { element, setAttributes, setText } from '../common/dom';
import { countOf } from '../common/quantity';
import { VirtualList } from '../common/virtual-list';
import type { EventStream, SortChoice } from './event-stream';

const ROW_PX = 22;
const HEAD_PX = 26;

export interface Grid {
  readonly element: HTMLElement;
  show(stream: EventStream): void;
  /** Draws what changed. With `follow` the newest row stays in view. */
  draw(follow: boolean): void;
  shift(rows: number): void;
  /** Values are shown differently from now on: rows in view are decoded again. */
  forget(): void;
  sort(choice: SortChoice | null): void;
  /** Row numbers of the selection, in the order listed. */
  selection(): readonly number[];
  active(): number | null;
  /** Row numbers of what is in view and chosen; -1 where there is none. */
  place(): GridPlace;
  /** The rows may have left, or not be listed any more. */
  goTo(place: GridPlace): void;
}

export interface GridPlace {
  /** At the top of the view. */
  readonly top: number;
  readonly active: number;
  /** The other end of the selection. */
  readonly anchor: number;
}

export interface GridHandlers {
  onSort(field: Field): void;
  onActive(): void;
  /** The user moved through the list: following ends unless they went to its end. */
  onMove(atEnd: boolean): void;
  onCopy(): void;
  onDetail(): void;
}

/** Characters a column may be wide at most, by what it holds. */
function widestOf(field: Field): number {
  if (field.meaning === 'hexdump') return 48;
  return field.storage === 'text' ? Math.min(48, Math.max(14, field.size || 60)) : 40;
}

export function createGrid(handlers: GridHandlers): Grid {
  const head = element('div', { class: 'grid-row grid-head', role: 'row' });
  const body = element('div', { class: 'grid-body', role: 'rowgroup' });
  const grid = element(
    'div',
    { class: 'grid', role: 'grid', 'aria-label': 'Records', 'aria-multiselectable': 'true', tabindex: 0 },
    element('div', { role: 'rowgroup', class: 'grid-head-group' }, head),
    body,
  );
  const widths = new ColumnWidths(grid);
  let stream: EventStream | null = null;
  let activeRow = -1;
  let anchorRow = -1;
  let activeIndex = -1;

  const createRow = (): HTMLElement => {
    const row = element('div', { class: 'grid-row', role: 'row' });
    row.addEventListener('click', event => {
      const index = Number(row.dataset.index);
      activate(index, event.shiftKey);
    });
    row.addEventListener('dblclick', () => handlers.onDetail());
    // A double click opens the details; it is not meant to select a word.
    row.addEventListener('mousedown', event => {
      if (event.detail > 1) event.preventDefault();
    });
    return row;
  };

  const drawRow = (row: HTMLElement, index: number): void => {
    if (!stream) return;
    const { reader, store } = stream;
    const number = stream.rowAt(index);
    const selected = isSelected(number);
    setAttributes(row, {
      'aria-rowindex': index + 2,
      'aria-selected': String(selected),
      id: `row-${number}`,
      'data-index': index,
    });
    row.classList.toggle('active', number === activeRow);
    // A record never changes: the same row in the same element needs no second decoding.
    if (row.dataset.row === String(number) && row.dataset.stream === stream.description.stream) return;
    row.dataset.row = String(number);
    row.dataset.stream = stream.description.stream;
    const found = store.row(number);
    const isLost = found?.kind === 'lost';
    row.classList.toggle('lost', isLost);
    if (!found || found.kind === 'lost') {
      const text = found ? `${countOf(found.lost, 'record', 'records')} lost here` : '';
      if (row.childElementCount !== 1)
        row.replaceChildren(element('div', { role: 'gridcell', class: 'cell lost-cell' }));
      setAttributes(row, { 'data-lost': found?.lost ?? null });
      if (row.firstElementChild) setText(row.firstElementChild, text);
      return;
    }
    setAttributes(row, { 'data-lost': null });
    const { columns } = reader;
    if (row.childElementCount !== columns.length || row.firstElementChild?.classList.contains('lost-cell')) {
      row.replaceChildren(
        ...columns.map(field =>
          element('div', { role: 'gridcell', class: isNumeric(field) ? 'cell number' : 'cell' }),
        ),
      );
    }
    columns.forEach((field, column) => {
      const cell = row.children[column];
      if (!cell) return;
      const text = reader.shown(reader.value(found.view, found.offset, found.length, field), field);
      widths.saw(column, text);
      setText(cell, text);
    });
  };

  const list = new VirtualList({
    scroller: grid,
    body,
    rowHeightPx: ROW_PX,
    headHeightPx: HEAD_PX,
    createRow,
    drawRow,
    drawn: () => widths.apply(),
    onScroll: () => handlers.onMove(list.atEnd),
  });

  function isSelected(number: number): boolean {
    if (activeRow < 0) return false;
    // In a sorted list row numbers do not give the order: then only places count.
    if (stream?.isSorted && anchorRow !== activeRow) {
      const from = stream.indexOf(anchorRow);
      const to = stream.indexOf(activeRow);
      const at = stream.indexOf(number);
      return at >= Math.min(from, to) && at <= Math.max(from, to);
    }
    return number >= Math.min(anchorRow, activeRow) && number <= Math.max(anchorRow, activeRow);
  }

  function activate(index: number, extend: boolean): void {
    if (!stream || index < 0 || index >= stream.length) return;
    activeIndex = index;
    activeRow = stream.rowAt(index);
    if (!extend || anchorRow < 0) anchorRow = activeRow;
    list.reveal(index);
    list.draw();
    setAttributes(grid, { 'aria-activedescendant': `row-${activeRow}` });
    handlers.onActive();
    handlers.onMove(index === stream.length - 1);
  }

  grid.addEventListener('keydown', event => {
    if (!stream) return;
    const last = stream.length - 1;
    const at =
      activeRow < 0
        ? event.key === 'ArrowUp'
          ? last + 1
          : -1
        : stream.isSorted
          ? activeIndex
          : stream.indexOf(activeRow);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + list.pageRows,
      PageUp: at - list.pageRows,
      Home: 0,
      End: last,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      event.preventDefault();
      activate(Math.max(0, Math.min(last, target)), event.shiftKey);
    } else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      handlers.onCopy();
    } else if (event.key === 'Enter') handlers.onDetail();
  });

  return {
    element: grid,
    show: next => {
      stream = next;
      activeRow = -1;
      anchorRow = -1;
      const { columns } = next.reader;
      const last = columns.at(-1);
      widths.reset(
        columns.map(field => ({ heading: field.label, most: widestOf(field) })),
        last !== undefined && !isNumeric(last),
      );
      setAttributes(grid, { 'aria-colcount': columns.length });
      body.replaceChildren();
      head.replaceChildren(
        ...columns.map(field => {
          const title = element('button', { type: 'button' }, field.label);
          // Cells carry their unit, scaled; the column's own is in the tooltip.
          title.title = [field.name, field.unit, field.typeName, field.help]
            .filter(part => part !== '')
            .join(' · ');
          title.addEventListener('click', () => handlers.onSort(field));
          return element(
            'div',
            {
              role: 'columnheader',
              class: isNumeric(field) ? 'cell number' : 'cell',
              'data-column': field.name,
              'aria-sort': 'none',
            },
            title,
          );
        }),
      );
      list.reset();
    },
    draw: follow => {
      if (!stream) return;
      list.setCount(stream.length);
      setAttributes(grid, { 'aria-rowcount': stream.length + 1 });
      if (follow) list.scrollToEnd();
      else list.draw();
    },
    shift: rows => list.shift(rows),
    forget: () => {
      for (const row of body.children) row.removeAttribute('data-row');
    },
    sort: choice => {
      for (const header of head.children) {
        const own = choice && header.getAttribute('data-column') === choice.column;
        setAttributes(header, {
          'aria-sort': own ? (choice.descending ? 'descending' : 'ascending') : 'none',
        });
      }
    },
    place: () => ({ top: stream?.rowAt(list.topIndex) ?? -1, active: activeRow, anchor: anchorRow }),
    goTo: place => {
      if (!stream) return;
      activeIndex = stream.indexOf(place.active);
      activeRow = activeIndex < 0 ? -1 : place.active;
      anchorRow = activeIndex < 0 ? -1 : place.anchor;
      setAttributes(grid, { 'aria-activedescendant': activeRow < 0 ? null : `row-${activeRow}` });
      const top = stream.indexOf(place.top);
      if (top >= 0) list.scrollTo(top);
      else list.draw();
    },
    active: () => (activeRow >= 0 && stream && activeRow >= stream.store.firstRow ? activeRow : null),
    selection: () => {
      if (!stream || activeRow < 0) return [];
      const a = stream.indexOf(anchorRow);
      const b = stream.indexOf(activeRow);
      if (b < 0) return [];
      const from = a < 0 ? b : Math.min(a, b);
      const to = a < 0 ? b : Math.max(a, b);
      return Array.from({ length: to - from + 1 }, (_, index) => stream?.rowAt(from + index) ?? -1);
    },
  };
}
