/** The Maps page: composes messages, tables and view. */
import './maps.css';
import type { MapDefinition } from '../../src/shared/object/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { connectToHost } from '../common/messages';
import { GlobalsTable } from './globals-table';
import { LiveTable } from './model';
import { createMapsView, type ViewState } from './view';

let sessionId: string | null = null;
let definitions: readonly MapDefinition[] = [];
const maps = new Map<string, LiveTable>();
let globals: GlobalsTable | null = null;

const host = connectToHost<ViewState>(receive);
const saved = host.savedState();
const view = createMapsView(
  pageRoot(),
  { table: saved?.table ?? null, search: saved?.search ?? '', sort: saved?.sort ?? null },
  host,
);

function show(): void {
  view.show([...maps.values(), ...(globals ? [globals] : [])]);
}

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') view.export(message.kind);
  else if (message.type === 'noSession') {
    sessionId = null;
    maps.clear();
    globals = null;
    view.noSession(message.trusted);
  } else if (message.type === 'session') {
    if (message.session.id !== sessionId) {
      maps.clear();
      globals = null;
      show();
    }
    sessionId = message.session.id;
    definitions = message.maps ?? [];
    view.session(message.session, message.maps === undefined || definitions.length > 0);
  } else if (message.sessionId !== sessionId) return;
  else if (message.type === 'mapEntries') {
    const definition = definitions.find(map => map.name === message.map);
    let table = maps.get(message.map);
    if (!table) {
      table = new LiveTable(message.map, definition?.label ?? message.map);
      maps.set(message.map, table);
    }
    const layouts = definition?.view.kind === 'table' ? definition.view : null;
    table.update(message.entries, layouts?.key ?? null, layouts?.value ?? null, message.atMs);
    show();
  } else if (message.type === 'globals') {
    if (message.globals.length === 0) return;
    globals ??= new GlobalsTable('\u0000globals', 'Global variables');
    globals.updateGlobals(message.globals, message.atMs);
    show();
  } else if (message.type === 'drops') view.drops(message.drops);
}
