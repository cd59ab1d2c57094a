/** The Histogram page's toggles. */
import { pauseToggle, stateToggle } from '../common/toolbar';
import { toggle } from '../common/toolkit';
import type { ViewState } from './state';

export type Toolbar = ReturnType<typeof createToolbar>;

export function createToolbar(
  state: ViewState,
  on: { changed(): void; pause(paused: boolean): void; compare(pressed: boolean): void },
) {
  const interval = toggle({
    label: 'Last Interval',
    title: 'Show only what the last interval added, instead of everything since attach',
    pressed: state.lastInterval,
    onChange: pressed => {
      state.lastInterval = pressed;
      state.range = null;
      on.changed();
    },
  });
  const log = stateToggle(
    state,
    'logCounts',
    { label: 'Log Counts', title: 'Logarithmic count axis' },
    on.changed,
  );
  const compare = toggle({
    label: 'Compare',
    title: 'Save the current counts as A and compare later ones with them',
    pressed: state.frozen !== null,
    onChange: on.compare,
  });
  const pause = pauseToggle('Freeze the charts; counting continues', on.pause);
  const table = stateToggle(
    state,
    'table',
    { label: 'Table', icon: 'table', title: 'Show the numbers behind the charts' },
    on.changed,
  );
  return { elements: [interval, log, compare, pause, table].map(each => each.element), pause };
}
