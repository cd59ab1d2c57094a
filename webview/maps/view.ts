/** The Maps page: the program's tables, and the entries of one of them. */
import type { SessionSummary } from '../../src/shared/protocol/webview';
import { element, oncePerFrame, setText } from '../common/dom';
import type { SavedReadings } from '../common/held-readings';
import { createPanelFrame, type ExportedFile, type PanelFrame } from '../common/panel-frame';
import type { ViewHost } from '../common/panel-page';
import { countOf, formatCount } from '../common/quantity';
import { copyButton, nextSort, pauseToggle, type SortChoice, searchField } from '../common/toolbar';
import type { Toggle } from '../common/toolkit';
import { EntryGrid } from './entry-grid';
import { entriesFile } from './export';
import type { LiveTable } from './live-table';
import { MapNames } from './map-names';

/** State kept while the page is hidden, moved or reloaded. */
export interface ViewState {
  table: string | null;
  search: string;
  sort: SortChoice | null;
  /** The readings held by a pause. */
  held: SavedReadings | null;
}

export const FIRST_STATE: ViewState = { table: null, search: '', sort: null, held: null };

export class MapsView {
  private tables: readonly LiveTable[] = [];
  private current: LiveTable | null = null;
  private readonly counts = element('span', { class: 'muted', role: 'status' });
  readonly pause: Toggle;
  private readonly names = new MapNames(table => this.choose(table));
  private readonly grid = new EntryGrid(
    column => this.sort(column),
    () => this.copyRow(),
    (of, value) => this.host.post({ type: 'showAs', of, value }),
  );
  readonly frame: PanelFrame;
  private readonly draw = oncePerFrame(() => this.render());

  constructor(
    root: HTMLElement,
    private readonly state: ViewState,
    private readonly host: ViewHost<ViewState>,
  ) {
    const search = searchField(state, 'Search entries', () => this.changed());
    this.pause = pauseToggle('Freeze the table', host.pause);
    this.frame = createPanelFrame<'maps'>(root, {
      label: 'Maps',
      left: [search, this.counts],
      right: [this.pause.element, copyButton('Copy Row', () => this.copyRow())],
      content: [element('div', { class: 'content' }, this.names.element, this.grid.element)],
      exporters: {
        csv: () => this.entries('csv'),
        ndjson: () => this.entries('ndjson'),
        json: () => this.entries('json'),
      },
      post: host.post,
    });
  }

  /** The session was removed and no other is shown. */
  clear(): void {
    this.current = null;
  }

  session(session: SessionSummary, hasMaps: boolean): void {
    const words = {
      absent: hasMaps ? null : 'This program has no maps and no global variables to show.',
      waiting: 'Attached; no map has been read yet.',
      ended: 'The session ended before its maps were read.',
    };
    this.frame.session(session, this.tables.length > 0 ? null : words);
  }

  show(tables: readonly LiveTable[]): void {
    this.tables = tables;
    this.draw();
  }

  private changed(): void {
    this.host.save(this.state);
    this.render();
  }

  private choose(table: LiveTable): void {
    this.state.table = table.id;
    this.state.sort = null;
    this.grid.forgetActive();
    this.changed();
  }

  /** The user's order, else the table's own. */
  private sortOf(table: LiveTable): ViewState['sort'] {
    return this.state.sort ?? table.ownSort();
  }

  private sort(column: string): void {
    if (!this.current) return;
    this.state.sort = nextSort(this.sortOf(this.current), column);
    this.changed();
  }

  private copyRow(): void {
    const text = this.grid.activeText();
    if (text !== null) this.host.post({ type: 'copy', text });
  }

  private entries(format: 'csv' | 'ndjson' | 'json'): ExportedFile | null {
    return this.current && entriesFile(this.current, this.grid.rows, format);
  }

  private render(): void {
    const { state, tables } = this;
    // The first table until the user selects one: a program's own table may come after its internal maps.
    const table = tables.find(({ id }) => id === state.table) ?? tables[0];
    if (!table) return;
    this.current = table;
    this.frame.showContent();
    this.names.draw(tables, table);
    const sort = this.sortOf(table);
    const rows = table.listed(state.search, sort);
    const all = countOf(table.rows.length, 'entry', 'entries');
    const count = state.search.trim() === '' ? all : `${formatCount(rows.length)} of ${all}`;
    setText(this.counts, table.why === '' ? count : `${count} · ${table.why}`);
    this.grid.draw(table, rows, sort);
  }
}
