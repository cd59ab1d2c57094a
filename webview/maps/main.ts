/** The Maps page: composes messages, tables and view. */
import './maps.css';
import type { MapDefinition } from '../../src/shared/object/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { HeldReadings, sessionKey } from '../common/held-readings';
import { connectToHost } from '../common/messages';
import { GlobalsTable } from './globals-table';
import { LiveTable } from './live-table';
import { createMapsView, type ViewState } from './view';

type Reading = Extract<ToWebview, { type: 'mapEntries' | 'globals' }>;

let sessionId: string | null = null;
let shownSession = '';
let definitions: readonly MapDefinition[] = [];
const maps = new Map<string, LiveTable>();
/** No map is called so. */
const GLOBALS = '\u0000globals';
let globals: GlobalsTable | null = null;

/** Two readings of a table make its changes. */
const readings = new HeldReadings<Reading>(
  2,
  reading => (reading.type === 'globals' ? GLOBALS : reading.map),
  take,
);

const host = connectToHost<ViewState>(receive);
const saved = host.savedState();
const state: ViewState = {
  table: saved?.table ?? null,
  search: saved?.search ?? '',
  sort: saved?.sort ?? null,
  held: saved?.held ?? null,
};
const view = createMapsView(pageRoot(), state, { post: host.post, save: host.save, pause });

function pause(pressed: boolean): void {
  if (pressed) readings.hold();
  else readings.release();
  state.held = readings.save(shownSession);
  host.save(state);
}

/** What the page is for comes first, then what other pages show as well, then the program's bookkeeping. */
function show(): void {
  const places = (table: LiveTable) => {
    const kind = definitions.find(map => map.name === table.id)?.view.kind;
    return kind === 'table' ? 0 : kind === 'internal' ? 3 : 2;
  };
  const tables = [...maps.values()].map(table => ({ table, place: places(table) }));
  if (globals) tables.push({ table: globals, place: 1 });
  view.show(tables.sort((a, b) => a.place - b.place).map(({ table }) => table));
}

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') view.export(message.kind);
  else if (message.type === 'noSession') {
    sessionId = null;
    maps.clear();
    globals = null;
    view.noSession(message.trusted);
  } else if (message.type === 'session') {
    definitions = message.maps ?? [];
    if (message.session.id !== sessionId) {
      sessionId = message.session.id;
      shownSession = sessionKey(message.session);
      readings.clear();
      maps.clear();
      globals = null;
      show();
      if (state.held?.session === shownSession) readings.restore(state.held);
      view.paused(readings.held);
    }
    const hasMaps = definitions.some(map => map.entries !== null);
    view.session(message.session, message.maps === undefined || hasMaps);
  } else if (message.sessionId !== sessionId) return;
  else if (message.type === 'mapEntries' || message.type === 'globals') readings.receive(message);
  else if (message.type === 'drops') view.drops(message.drops);
}

function take(reading: Reading): void {
  if (reading.type === 'globals') {
    if (reading.globals.length === 0) return;
    globals ??= new GlobalsTable(GLOBALS, 'Global variables', true);
    globals.updateGlobals(reading.globals, reading.atMs);
  } else {
    const definition = definitions.find(map => map.name === reading.map);
    let table = maps.get(reading.map);
    if (!table) {
      table = new LiveTable(
        reading.map,
        definition?.label ?? reading.map,
        definition?.typeName.endsWith('array') ?? false,
        definition?.view.kind === 'internal' ? definition.view.why : '',
      );
      maps.set(reading.map, table);
    }
    const layouts = definition?.entries;
    table.update(reading.entries, layouts?.key ?? null, layouts?.value ?? null, reading.atMs);
  }
  show();
}
