/** The Histogram page: composes messages, history and view. */
import './histogram.css';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { oncePerFrame, pageRoot } from '../common/dom';
import { sessionKey } from '../common/held-readings';
import { connectToHost } from '../common/messages';
import { onThemeChange } from '../common/theme';
import { HistogramHistory } from './history';
import { restore, type SavedState } from './state';
import { HistogramView } from './view';

const history = new HistogramHistory();
let sessionId: string | null = null;
let shownSession = '';

const host = connectToHost<SavedState>(receive);
const state = restore(host.savedState());
const view = new HistogramView(pageRoot(), history, state, {
  post: host.post,
  save: host.save,
  pause: paused => {
    const atMs = history.timeline.at(-1)?.toMs;
    if (paused && atMs !== undefined) history.hold(atMs);
    else history.release();
    state.held = history.heldMs === null ? null : { session: shownSession, atMs: history.heldMs };
  },
});
const draw = oncePerFrame(() => view.draw());
onThemeChange(() => view.redraw());

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') {
    view.export(message.kind);
    return;
  }
  if (message.type === 'noSession') {
    sessionId = null;
    history.clear();
    view.noSession(message.trusted);
    return;
  }
  if (message.type === 'session') {
    if (message.session.id !== sessionId) {
      sessionId = message.session.id;
      shownSession = sessionKey(message.session);
      history.clear();
      history.release();
      if (state.held?.session === shownSession) history.hold(state.held.atMs);
    }
    view.session(message.session, message.maps ?? []);
    draw();
    return;
  }
  if (message.sessionId !== sessionId) return;
  if (message.type === 'histogramHistory') {
    history.clear();
    if (message.base) history.begin(message.base);
    for (const snapshot of message.snapshots) {
      history.noteDrops(snapshot.drops);
      history.push(snapshot.atMs, snapshot.histograms);
    }
    draw();
  } else if (message.type === 'histograms') {
    history.push(message.atMs, message.histograms);
    draw();
  } else if (message.type === 'drops') {
    history.noteDrops(message.drops);
    view.drops(message.drops);
  }
}
