/** The Stacks page: composes messages and view. */
import './stacks.css';
import { stackTables } from '../../src/shared/decode/stack-tables';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { HeldReadings, sessionKey } from '../common/held-readings';
import { connectToHost } from '../common/messages';
import { onThemeChange } from '../common/theme';
import type { StackMap } from './stack-tree';
import { createStacksView, type ViewState } from './view';

type Reading = Extract<ToWebview, { type: 'stacks' }>;

let sessionId: string | null = null;
let shownSession = '';
const maps = new Map<string, StackMap>();
const readings = new HeldReadings<Reading>(1, reading => reading.map, take);

const host = connectToHost<ViewState>(receive);
const saved = host.savedState();
const state: ViewState = {
  map: saved?.map ?? null,
  weight: saved?.weight ?? 'count',
  inverted: saved?.inverted ?? false,
  table: saved?.table ?? false,
  search: saved?.search ?? '',
  zoom: saved?.zoom ?? [],
  held: saved?.held ?? null,
};
const view = createStacksView(pageRoot(), state, { post: host.post, save: host.save, pause });
onThemeChange(() => view.redraw());

function pause(pressed: boolean): void {
  if (pressed) readings.hold();
  else readings.release();
  state.held = readings.save(shownSession);
  host.save(state);
}

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') view.export(message.kind);
  else if (message.type === 'noSession') {
    sessionId = null;
    maps.clear();
    view.noSession(message.trusted);
  } else if (message.type === 'session') {
    if (message.session.id !== sessionId) {
      sessionId = message.session.id;
      shownSession = sessionKey(message.session);
      readings.clear();
      maps.clear();
      view.show([]);
      if (state.held?.session === shownSession) readings.restore(state.held);
      view.paused(readings.held);
    }
    view.session(
      message.session,
      message.maps === undefined || stackTables({ maps: message.maps }).length > 0,
    );
  } else if (message.sessionId !== sessionId) return;
  else if (message.type === 'stacks') readings.receive(message);
  else if (message.type === 'drops') view.drops(message.drops);
}

function take({ map, label, unit, stacks }: Reading): void {
  maps.set(map, { map, label, unit, stacks });
  view.show([...maps.values()]);
}
