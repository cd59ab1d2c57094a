/** The Histogram page's switches. */
import { pauseToggle, stateToggle } from '../common/toolbar';
import { type Toggle, toggle } from '../common/toolkit';
import type { ViewState } from './state';

export interface Toolbar {
  readonly elements: readonly HTMLElement[];
  readonly pause: Toggle;
}

export function createToolbar(
  state: ViewState,
  on: { changed(): void; pause(paused: boolean): void; compare(pressed: boolean): void },
): Toolbar {
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
    title: 'Set the present counts aside as A and compare what is shown from now on with it',
    pressed: state.frozen !== null,
    onChange: on.compare,
  });
  const pause = pauseToggle('Hold the charts still; counting goes on', on.pause);
  const table = stateToggle(
    state,
    'table',
    { label: 'Table', icon: 'table', title: 'Show the numbers behind the charts' },
    on.changed,
  );
  return { elements: [interval, log, compare, pause, table].map(each => each.element), pause };
}
