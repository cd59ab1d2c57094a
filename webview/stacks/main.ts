/** The Stacks page: composes messages and view. */
import './stacks.css';
import { stackTables } from '../../src/shared/decode/stack-tables';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { connectToHost } from '../common/messages';
import { onThemeChange } from '../common/theme';
import { createStacksView, type StackMap, type ViewState } from './view';

let sessionId: string | null = null;
const maps = new Map<string, StackMap>();

const host = connectToHost<ViewState>(receive);
const saved = host.savedState();
const view = createStacksView(
  pageRoot(),
  {
    map: saved?.map ?? null,
    weight: saved?.weight ?? 'count',
    inverted: saved?.inverted ?? false,
    table: saved?.table ?? false,
    search: saved?.search ?? '',
    zoom: saved?.zoom ?? [],
  },
  host,
);
onThemeChange(() => view.redraw());

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') view.export(message.kind);
  else if (message.type === 'noSession') {
    sessionId = null;
    maps.clear();
    view.noSession(message.trusted);
  } else if (message.type === 'session') {
    if (message.session.id !== sessionId) {
      maps.clear();
      view.show([]);
    }
    sessionId = message.session.id;
    view.session(
      message.session,
      message.maps === undefined || stackTables({ maps: message.maps }).length > 0,
    );
  } else if (message.sessionId !== sessionId) return;
  else if (message.type === 'stacks') {
    const { map, label, unit, stacks } = message;
    maps.set(map, { map, label, unit, stacks });
    view.show([...maps.values()]);
  } else if (message.type === 'drops') view.drops(message.drops);
}
