/** The Histogram page: composes messages, history and view. */
import './histogram.css';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { oncePerFrame, pageRoot } from '../common/dom';
import { connectToHost } from '../common/messages';
import { onThemeChange } from '../common/theme';
import { HistogramHistory } from './history';
import { restore, type SavedState } from './state';
import { createHistogramView } from './view';

const history = new HistogramHistory();
let sessionId: string | null = null;

const host = connectToHost<SavedState>(receive);
const view = createHistogramView(pageRoot(), history, restore(host.savedState()), {
  post: host.post,
  save: host.save,
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
      history.clear();
    }
    view.session(message.session, message.maps ?? []);
    draw();
    return;
  }
  if (message.sessionId !== sessionId) return;
  if (message.type === 'histogramHistory') {
    history.clear();
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
