/** The Maps page's elements and what the user can do with them. */
import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import { copiedLine } from '../../src/shared/text/cells';
import { ColumnWidths } from '../common/column-widths';
import { element, oncePerFrame, setAttributes, setText } from '../common/dom';
import type { SavedReadings } from '../common/held-readings';
import { createPanelFrame } from '../common/panel-frame';
import { countOf, formatCount } from '../common/quantity';
import { button, textField, toggle } from '../common/toolkit';
import { VirtualList } from '../common/virtual-list';
import { entriesFile } from './export';
import type { Column, LiveTable, TableRow } from './live-table';

export interface ViewState {
  table: string | null;
  search: string;
  sort: { readonly column: string; readonly descending: boolean } | null;
  /** What a pause holds still. */
  held: SavedReadings | null;
}

interface ViewHost {
  post(message: FromWebview): void;
  save(state: ViewState): void;
  /** Holds what is shown, or goes on. */
  pause(paused: boolean): void;
}

export interface MapsView {
  noSession(trusted: boolean): void;
  session(session: SessionSummary, hasMaps: boolean): void;
  drops(drops: Drops): void;
  show(tables: readonly LiveTable[]): void;
  paused(paused: boolean): void;
  export(kind: string): void;
}

const ROW_PX = 22;
const HEAD_PX = 26;

export function createMapsView(root: HTMLElement, state: ViewState, host: ViewHost): MapsView {
  let tables: readonly LiveTable[] = [];
  let current: LiveTable | null = null;
  let listed: readonly TableRow[] = [];
  let shape = '';
  /** Of the row that was chosen: its place changes with the order. */
  let activeId: string | null = null;
  const draw = oncePerFrame(render);
  const changed = (): void => {
    host.save(state);
    render();
  };

  const search = textField('Search entries', 'Search entries', text => {
    state.search = text;
    changed();
  });
  search.set(state.search);
  const counts = element('span', { class: 'muted', role: 'status' });
  const pause = toggle({
    label: 'Pause',
    icon: 'debug-pause',
    title: 'Hold the table still',
    pressed: false,
    onChange: host.pause,
  });
  const copy = button({ label: 'Copy Row', icon: 'copy', iconOnly: true, onClick: () => copyRow() });

  const names = element('div', { class: 'map-names', role: 'listbox', 'aria-label': 'Maps', tabindex: 0 });
  const head = element('div', { class: 'grid-row grid-head', role: 'row' });
  const body = element('div', { class: 'grid-body', role: 'rowgroup' });
  const grid = element(
    'div',
    { class: 'grid', role: 'grid', 'aria-label': 'Entries', tabindex: 0 },
    element('div', { role: 'rowgroup', class: 'grid-head-group' }, head),
    body,
  );
  const widths = new ColumnWidths(grid);
  const content = element('div', { class: 'content' }, names, grid);
  const frame = createPanelFrame<'maps'>(root, {
    label: 'Maps',
    left: [search.element, counts],
    right: [pause.element, copy],
    content: [content],
    exporters: {
      csv: () => current && entriesFile(current, listed, 'csv'),
      ndjson: () => current && entriesFile(current, listed, 'ndjson'),
      json: () => current && entriesFile(current, listed, 'json'),
    },
    post: host.post,
  });

  const list = new VirtualList({
    scroller: grid,
    body,
    rowHeightPx: ROW_PX,
    headHeightPx: HEAD_PX,
    createRow: () => {
      const row = element('div', { class: 'grid-row', role: 'row' });
      row.addEventListener('click', () => activate(Number(row.dataset.index)));
      return row;
    },
    drawRow,
    drawn: () => widths.apply(),
    onScroll: () => undefined,
  });

  function drawRow(row: HTMLElement, index: number): void {
    const entry = listed[index];
    if (!current || !entry) return;
    const { columns } = current;
    setAttributes(row, {
      'aria-rowindex': index + 2,
      'data-index': index,
      id: `entry-${index}`,
      'aria-selected': String(entry.id === activeId),
      'data-key': columns
        .filter(column => column.kind === 'key')
        .map(column => current?.plain(entry, column))
        .join(','),
    });
    if (row.childElementCount !== columns.length)
      row.replaceChildren(
        ...columns.map(column =>
          element('div', { role: 'gridcell', class: classOf(column), 'data-column': column.id }),
        ),
      );
    columns.forEach((column, at) => {
      const cell = row.children[at];
      if (!cell || !current) return;
      const text = current.shown(entry, column);
      widths.saw(at, text);
      setText(cell, text);
      setAttributes(cell, { 'data-value': current.plain(entry, column) });
    });
  }
  function classOf(column: Column): string {
    return `cell ${column.numeric ? 'number' : ''} ${column.kind}`;
  }

  function activate(index: number): void {
    const row = listed[index];
    if (!row) return;
    activeId = row.id;
    list.reveal(index);
    list.draw();
    setAttributes(grid, { 'aria-activedescendant': `entry-${index}` });
  }
  const activeIndex = (): number => listed.findIndex(({ id }) => id === activeId);
  grid.addEventListener('keydown', event => {
    const active = activeIndex();
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + list.pageRows,
      PageUp: active - list.pageRows,
      Home: 0,
      End: listed.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      event.preventDefault();
      activate(Math.max(0, Math.min(listed.length - 1, target)));
    } else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      copyRow();
    }
  });
  names.addEventListener('keydown', event => {
    const at = current ? tables.indexOf(current) : -1;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const next = tables[at + step];
    if (step === 0 || !next) return;
    event.preventDefault();
    choose(next);
  });

  /** What the user chose, else the table's own order. */
  function sortOf(table: LiveTable): ViewState['sort'] {
    return state.sort ?? table.ownSort();
  }

  function choose(table: LiveTable): void {
    state.table = table.id;
    state.sort = null;
    activeId = null;
    changed();
  }

  function render(): void {
    if (tables.length === 0) return;
    frame.showContent();
    // Until somebody chooses, the first: a program's own table may come after the bookkeeping of its globals.
    current = tables.find(table => table.id === state.table) ?? tables[0] ?? null;
    if (!current) return;
    drawNames();
    drawHead(current);
    listed = current.listed(state.search, sortOf(current));
    const count =
      state.search.trim() === ''
        ? countOf(listed.length, 'entry', 'entries')
        : `${formatCount(listed.length)} of ${countOf(current.rows.length, 'entry', 'entries')}`;
    setText(counts, current.why === '' ? count : `${count} · ${current.why}`);
    const active = activeIndex();
    setAttributes(grid, {
      'aria-rowcount': listed.length + 1,
      'aria-label': `Entries of ${current.label}`,
      'aria-activedescendant': active < 0 ? null : `entry-${active}`,
    });
    list.setCount(listed.length);
    list.draw();
  }

  function drawNames(): void {
    while (names.childElementCount > tables.length) names.lastElementChild?.remove();
    tables.forEach((table, index) => {
      let option = names.children[index];
      if (!option) {
        option = element(
          'div',
          { role: 'option', id: `map-${index}` },
          element('span', { class: 'map-name' }),
          element('span', { class: 'map-count' }),
        );
        option.addEventListener('click', () => {
          const chosen = tables[index];
          if (chosen) choose(chosen);
        });
        names.append(option);
      }
      setAttributes(option, { 'aria-selected': String(table === current), 'data-map': table.id });
      option.classList.toggle('bookkeeping', table.why !== '');
      if (option.firstElementChild) setText(option.firstElementChild, table.label);
      if (option.lastElementChild) setText(option.lastElementChild, formatCount(table.rows.length));
      if (table === current) setAttributes(names, { 'aria-activedescendant': option.id });
    });
  }

  function drawHead(table: LiveTable): void {
    const next = `${table.id} ${table.columns.map(column => column.id).join()}`;
    if (next !== shape) {
      shape = next;
      widths.reset(
        table.columns.map(({ label, field }) => ({
          heading: label,
          most: field.storage === 'text' || field.storage === 'bytes' ? 40 : 24,
        })),
        false,
      );
      setAttributes(grid, { 'aria-colcount': table.columns.length });
      head.replaceChildren(
        ...table.columns.map(column => {
          const title = element('button', { type: 'button' }, column.label);
          title.title = [column.field.name, column.field.unit, column.field.typeName, column.field.help]
            .filter(part => part !== '')
            .join(' · ');
          title.addEventListener('click', () => {
            const sort = sortOf(table);
            state.sort =
              sort?.column !== column.id
                ? { column: column.id, descending: true }
                : sort.descending
                  ? { column: column.id, descending: false }
                  : null;
            changed();
          });
          return element(
            'div',
            { role: 'columnheader', class: classOf(column), 'data-column': column.id },
            title,
          );
        }),
      );
      list.reset();
    }
    const sort = sortOf(table);
    for (const header of head.children) {
      const own = header.getAttribute('data-column') === sort?.column;
      setAttributes(header, { 'aria-sort': own ? (sort?.descending ? 'descending' : 'ascending') : 'none' });
    }
  }

  function copyRow(): void {
    const row = listed[activeIndex()];
    const table = current;
    if (row && table)
      host.post({
        type: 'copy',
        text: copiedLine(table.columns.map(column => table.shown(row, column))),
      });
  }

  return {
    noSession: trusted => {
      current = null;
      frame.noSession(trusted);
    },
    session: (session, hasMaps) =>
      frame.session(
        session,
        tables.length > 0
          ? null
          : {
              absent: hasMaps ? null : 'This program has no maps and no global variables to show.',
              waiting: 'Attached; nothing was read from the maps yet.',
              ended: 'The session ended before anything was read from its maps.',
            },
      ),
    drops: frame.drops,
    paused: pause.set,
    show: next => {
      tables = next;
      draw();
    },
    export: frame.export,
  };
}
