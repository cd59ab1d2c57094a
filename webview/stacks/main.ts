/** The Stacks page: composes messages and view. */
import './stacks.css';
import { stackTables } from '../../src/shared/object/stack-tables';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { HeldReadings, sessionKey } from '../common/held-readings';
import { connectPanel } from '../common/panel-page';
import { onThemeChange } from '../common/theme';
import type { StackMap } from './stack-tree';
import { FIRST_STATE, type ViewState } from './state';
import { StacksView } from './view';

type Reading = Extract<ToWebview, { type: 'stacks' }>;

connectPanel<ViewState>(host => {
  const maps = new Map<string, StackMap>();
  const state = { ...FIRST_STATE, ...host.savedState() };
  const readings = new HeldReadings<Reading>(
    1,
    reading => reading.map,
    ({ map, label, unit, stacks, lost = [] }) => {
      maps.set(map, { map, label, unit, stacks, lost });
      view.show([...maps.values()]);
    },
  );
  const view = new StacksView(pageRoot(), state, {
    post: host.post,
    save: host.save,
    pause: paused => {
      state.held = readings.pause(paused);
      host.save(state);
    },
  });
  onThemeChange(() => view.redraw());
  return {
    frame: view.frame,
    clear: () => {
      maps.clear();
      view.clear();
    },
    session: ({ session, maps: definitions }, isNew) => {
      if (isNew) {
        maps.clear();
        view.show([]);
        readings.begin(sessionKey(session), state.held);
        view.toolbar.pause.set(readings.held);
      }
      view.session(session, definitions === undefined || stackTables({ maps: definitions }).length > 0);
    },
    data: message => {
      if (message.type === 'stacks') readings.receive(message);
    },
  };
});
