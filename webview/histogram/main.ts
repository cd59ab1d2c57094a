/** The Histogram page: composes messages, history and view. */
import './histogram.css';
import { oncePerFrame, pageRoot } from '../common/dom';
import { sessionKey } from '../common/held-readings';
import { connectPanel } from '../common/panel-page';
import { onThemeChange } from '../common/theme';
import { HistogramHistory } from './history';
import { restore, type SavedState } from './state';
import { HistogramView } from './view';

connectPanel<SavedState>(host => {
  const history = new HistogramHistory();
  const state = restore(host.savedState());
  let shownSession = '';
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
  return {
    frame: view.frame,
    clear: () => {
      history.clear();
      view.clear();
    },
    session: ({ session, maps }, isNew) => {
      if (isNew) {
        shownSession = sessionKey(session);
        history.clear();
        history.release();
        if (state.held?.session === shownSession) history.hold(state.held.atMs);
      }
      view.session(session, maps ?? []);
      draw();
    },
    data: message => {
      if (message.type === 'drops') history.noteDrops(message.drops);
      else if (message.type === 'histograms') {
        history.push(message.atMs, message.histograms);
        draw();
      } else if (message.type === 'histogramHistory') {
        history.clear();
        if (message.base) history.begin(message.base);
        for (const { drops, atMs, histograms } of message.snapshots) {
          history.noteDrops(drops);
          history.push(atMs, histograms);
        }
        draw();
      }
    },
  };
});
