/** Panels in Chromium, as VS Code would show them, under load. */
import { PanelHarness } from '../panels/harness';
import { floodRun, heatRun, scrollRun } from '../panels/load';
import { percentile, type Row, row } from './measure';

const SECONDS = 5;

export async function benchPanels(runs: number, add: (row: Row) => void): Promise<void> {
  const harness = await PanelHarness.start(['events', 'histogram']);
  try {
    const flood = { betweenUpdates: [] as number[], frame: [] as number[], task: [] as number[] };
    const scroll: number[] = [];
    const heat: number[] = [];
    for (let run = 0; run < runs; run++) {
      const measured = await floodRun(harness, SECONDS);
      flood.betweenUpdates.push(measured.betweenUpdatesMs);
      flood.frame.push(percentile(measured.frames, 0.95));
      flood.task.push(Math.max(0, ...measured.longTasks));
      scroll.push(percentile(await scrollRun(harness), 0.95));
      heat.push(percentile(await heatRun(harness), 0.5));
    }
    const put = (name: string, ours: readonly number[], limit: number): void =>
      add(row('panels', { name, unit: 'ms', ours, limit }));
    put('100,000 events/s: time between updates', flood.betweenUpdates, 200);
    put('100,000 events/s: frame, p95', flood.frame, 25);
    put('100,000 events/s: longest task', flood.task, 200);
    put('scrolling 1,000,000 rows: frame, p95', scroll, 25);
    put('heat map of 300 x 64 with its page: redraw', heat, 30);
  } finally {
    await harness.stop();
  }
}
