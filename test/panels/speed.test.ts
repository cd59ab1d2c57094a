/** Pages keep up under load: all is taken and drawn. How fast is the benchmark's matter, which uses the same runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PanelHarness } from './harness';
import { floodRun, heatRun, scrollRun } from './load';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['events', 'histogram']);
});
afterAll(() => harness?.stop());

describe('under load', () => {
  it('100,000 events a second are taken, and drawn meanwhile', async () => {
    const { betweenUpdatesMs, rows } = await floodRun(harness, 4);
    expect(rows).toBeGreaterThan(0);
    expect(Number.isFinite(betweenUpdatesMs)).toBe(true);
  });

  it('a million rows are scrolled from top to bottom', async () => {
    expect((await scrollRun(harness)).length).toBe(180);
  });

  it('a heat map of 300 x 64 cells takes another interval', async () => {
    expect((await heatRun(harness)).length).toBe(30);
  });
});
