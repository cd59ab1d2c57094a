/**
 * Every panel in a real VS Code: ▶ on real programs, with what the real tracer sent for them when they ran on a real
 * kernel (test/e2e/recordings). Only the privileged process is not there; from its socket on all is the product, and what
 * pages say is compared with what bpftool and the workload said, digit by digit.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { eventsPanel } from './panels/events';
import { histogramPanel } from './panels/histogram';
import { mapsPanel } from './panels/maps';
import { movedPanel } from './panels/moved';
import { parameterForm } from './panels/parameters';
import { sessionsView } from './panels/sessions';
import { stacksPanel } from './panels/stacks';
import { PanelWindow } from './panels/window';

/** ▶ on this machine's kernel asks nobody else for a password. The window in the guest shows that way. */
const isRoot = process.getuid?.() === 0;
if (!isRoot)
  console.error(
    'Panels with recorded streams are left out: as another user than root ▶ would ask for a password.',
  );

describe.runIf(isRoot)('with recorded streams', () => {
  const panels = new PanelWindow();
  beforeAll(() => panels.open());
  afterAll(() => panels.close());

  // One window for all, in this order: each begins where the one before left off.
  parameterForm(panels);
  histogramPanel(panels);
  mapsPanel(panels);
  eventsPanel(panels);
  stacksPanel(panels);
  sessionsView(panels);
  movedPanel(panels);
});
