/**
 * docs/panels.md, From ▶ to "p99 got worse, because of this key", as a user walks it, by keyboard alone: what the real
 * tracer sent while one of five commands got slow is replayed, and that one is to be found and written to files.
 */
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import { takePicture } from '../../scripts/lib/pictures.mjs';
import { PanelWindow } from './panels/window';
import { duration, latencies, percentileUs, sum } from './replay/known';
import { COMMANDS, PHASES, SHORTEST_US, SLOW_FROM } from './replay/scenes';

const CULPRIT = 'ledger';
/** The first intervals are of a machine that is still starting its commands. */
const QUIET_FROM = 2;
const END = PHASES - 1;
/** Focusable things between any two of the page. */
const MOST_STOPS = 25;
const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)('from ▶ to the culprit, by keyboard', () => {
  const panels = new PanelWindow();
  let page: Frame;
  beforeAll(() => panels.open());
  afterAll(() => panels.close());

  const press = (key: string): Promise<void> => panels.workbench.page.keyboard.press(key);

  /** Moves the keyboard through the page, to the element of that label. */
  async function go(label: string, key: 'Tab' | 'Shift+Tab'): Promise<void> {
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
      });
    await page.waitForFunction(() => document.hasFocus());
    for (let stop = 0; stop < MOST_STOPS; stop++) {
      if ((await focused()).startsWith(label)) return;
      await press(key);
    }
    throw new Error(`${key} did not come to "${label}"; the keyboard is at "${await focused()}"`);
  }

  /** Selects intervals of the heat map, both included. */
  async function selectIntervals(from: number, to: number): Promise<void> {
    for (const key of ['Escape', 'Home']) await press(key);
    for (let column = 0; column < from; column++) await press('ArrowRight');
    for (let column = from; column < to; column++) await press('Shift+ArrowRight');
    await page.locator('.chip').waitFor();
  }

  const before = (command: string) => latencies(command, SLOW_FROM - 1, QUIET_FROM);
  const since = (command: string) => latencies(command, END, SLOW_FROM);
  const rise = (command: string): number =>
    percentileUs(since(command), 99) / percentileUs(before(command), 99);

  const stat = (name: string): Promise<string | null> =>
    page.locator(`[data-stat="${name}"] dd`).textContent();

  it('attaches, and the panel fills', async () => {
    panels.tellOnFailure();
    const { workbench } = panels;
    await workbench.openFile('readlat.bpf.c');
    await workbench.runCommand('BPF: Attach with Parameters…');
    const form = await Promise.race([workbench.webview('Parameters of readlat'), workbench.failed()]);
    const shortest = form.getByRole('textbox', { name: 'Shortest call in the histogram (µs)' });
    await shortest.fill(String(SHORTEST_US));
    await shortest.press('Enter');
    await panels.pageOf('Histogram', 'readlat');
    await workbench.runCommand('View: Toggle Maximized Panel');
    page = await panels.pageWith('Histogram', 'readlat', '.heatmap');
    await expect
      .poll(() => page.locator('.time-table tbody tr').count(), { timeout: deadlineMs(60_000) })
      .toBeGreaterThanOrEqual(PHASES);
  });

  it('when: what was before p99 jumped is set aside, what came since is shown', async () => {
    panels.tellOnFailure();
    // From somewhere else: that the command gave the page the keyboard, and will not do so once more, is then known.
    await press('Control+Shift+E');
    await page.waitForFunction(() => !document.hasFocus());
    await panels.workbench.runCommand('BPF: Show Histogram');
    await go('All keys over time', 'Tab');
    await selectIntervals(QUIET_FROM, SLOW_FROM - 1);
    await go('Compare', 'Shift+Tab');
    await press('Enter');
    await page.locator('.legend:visible').waitFor();
    await go('All keys over time', 'Tab');
    await selectIntervals(SLOW_FROM, END);
  });

  it('because of whom: the key whose p99 rose most comes first', async () => {
    panels.tellOnFailure();
    expect(COMMANDS.toSorted((a, b) => rise(b) - rise(a))[0]).toBe(CULPRIT);
    await go('Sort', 'Shift+Tab');
    for (const key of ['ArrowDown', 'ArrowDown']) await press(key);
    // The sum over all keys is before them.
    const first = page.locator('.tile').nth(1);
    const [now, was] = [since, before].map(counts => duration(percentileUs(counts(CULPRIT), 99)));
    await expect.poll(() => first.locator('.tile-name').textContent()).toBe(CULPRIT);
    expect(await first.locator('.tile-numbers').textContent()).toBe(
      `p99 ${now} · ×${Number(rise(CULPRIT).toPrecision(2))} · ${sum(since(CULPRIT))}`,
    );
    await go('Histograms', 'Tab');
    await press('ArrowRight');
    await expect.poll(() => page.locator('.pane.bars h2').textContent()).toBe(CULPRIT);
    expect(await stat('p99')).toBe(`${now} (A ${was}, +${((rise(CULPRIT) - 1) * 100).toFixed(0)} %)`);
  });

  it('looks like this', async () => {
    panels.tellOnFailure();
    const { workbench } = panels;
    for (const theme of ['dark', 'light'] as const) {
      await workbench.setTheme(theme);
      await page.locator(`body.vscode-${theme}`).waitFor();
      await takePicture(workbench.page, `panels/culprit-${theme}`);
    }
  });

  it('leaves as files: the buckets, the time line, the picture', async () => {
    panels.tellOnFailure();
    const buckets = await panels.exported(page, 'Buckets (CSV)', 'CSV', 'readlat-histograms.csv');
    expect(buckets.split('\n').filter(line => line.startsWith(`latency,${CULPRIT},`))).toEqual(
      Object.entries(since(CULPRIT))
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([min, count]) => `latency,${CULPRIT},us,${min},${2 * Number(min) - 1},${count}`),
    );
    const timeline = await panels.exported(page, 'Time Line (CSV)', 'CSV', 'readlat-time-line.csv');
    const rows = timeline
      .split('\n')
      .map(line => line.split(','))
      .filter(([, , , key]) => key === CULPRIT);
    const phases = Array.from({ length: PHASES }, (_, phase) => latencies(CULPRIT, phase, phase));
    expect(rows.map(row => Number(row[5]))).toEqual(phases.map(sum));
    for (const [phase, counts] of phases.entries())
      expect(Number(rows[phase]?.[8])).toBeCloseTo(percentileUs(counts, 99), 6);
    const picture = await panels.exported(page, 'Histogram (SVG)', 'SVG', `readlat-${CULPRIT}.svg`);
    expect(picture).toContain(`readlat · ${CULPRIT} · `);
    expect(picture).toContain('p99 ');
  });
});
