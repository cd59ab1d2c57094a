/** The Maps page: composes messages, tables and view. */
import './maps.css';
import type { MapDefinition } from '../../src/shared/object/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { HeldReadings, sessionKey } from '../common/held-readings';
import { connectPanel } from '../common/panel-page';
import { GlobalsTable } from './globals-table';
import { LiveTable } from './live-table';
import { FIRST_STATE, MapsView, type ViewState } from './view';

type Reading = Extract<ToWebview, { type: 'mapEntries' | 'globals' }>;

/** No map has this name. */
const GLOBALS = '\u0000globals';

connectPanel<ViewState>(host => {
  let definitions: readonly MapDefinition[] = [];
  const maps = new Map<string, LiveTable>();
  let globals: GlobalsTable | null = null;
  const state = { ...FIRST_STATE, ...host.savedState() };
  /** The changes of a table need two readings. */
  const readings = new HeldReadings<Reading>(
    2,
    reading => (reading.type === 'globals' ? GLOBALS : reading.map),
    take,
  );
  const view = new MapsView(pageRoot(), state, {
    post: host.post,
    save: host.save,
    pause: paused => {
      state.held = readings.pause(paused);
      host.save(state);
    },
  });

  function take(reading: Reading): void {
    if (reading.type === 'globals') {
      if (reading.globals.length === 0) return;
      globals ??= new GlobalsTable(GLOBALS, 'Global variables', true);
      globals.updateGlobals(reading.globals, reading.atMs);
    } else {
      const definition = definitions.find(map => map.name === reading.map);
      const table =
        maps.get(reading.map) ??
        new LiveTable(
          reading.map,
          definition?.label ?? reading.map,
          definition?.typeName.endsWith('array') ?? false,
          definition?.view.kind === 'internal' ? definition.view.why : '',
        );
      maps.set(reading.map, table);
      const layouts = definition?.entries;
      table.update(reading.entries, layouts?.key ?? null, layouts?.value ?? null, reading.atMs);
    }
    show();
  }

  /** Sorts tables first, then maps that other pages show as well, then internal maps. */
  function show(): void {
    const placeOf = (table: LiveTable): number => {
      if (table === globals) return 1;
      const kind = definitions.find(map => map.name === table.id)?.view.kind;
      return kind === 'table' ? 0 : kind === 'internal' ? 3 : 2;
    };
    const tables = [...maps.values(), ...(globals ? [globals] : [])];
    view.show(tables.sort((a, b) => placeOf(a) - placeOf(b)));
  }

  return {
    frame: view.frame,
    clear: () => {
      maps.clear();
      globals = null;
      view.clear();
    },
    session: (message, isNew) => {
      definitions = message.maps ?? [];
      if (isNew) {
        maps.clear();
        globals = null;
        show();
        readings.begin(sessionKey(message.session), state.held);
        view.pause.set(readings.held);
      }
      view.session(
        message.session,
        message.maps === undefined || definitions.some(map => map.entries !== null),
      );
    },
    data: message => {
      if (message.type === 'mapEntries' || message.type === 'globals') readings.receive(message);
    },
  };
});
