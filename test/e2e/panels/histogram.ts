import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { type Counts, duration, latencies, percentileUs, sum } from '../replay/known';
import { COMMANDS, PHASES, SLOW_FROM } from '../replay/scenes';
import type { PanelWindow } from './window';

/** Tiles, bars, time line, comparison and export. Leaves the panel maximized and a session of readlat with its parameters remembered. */
export function histogramPanel(panels: PanelWindow): void {
  describe('the Histogram panel', () => {
    let page: Frame;
    const end = PHASES - 1;

    async function bars(): Promise<Counts> {
      const rows = await page.$$eval('.numbers table[data-map] tbody tr', found =>
        found.map(
          row => [row.getAttribute('data-min') ?? '', Number(row.getAttribute('data-count'))] as const,
        ),
      );
      return Object.fromEntries(rows.filter(([, count]) => count > 0));
    }
    const stat = async (name: string): Promise<string> =>
      (await page.locator(`[data-stat="${name}"] dd`).textContent()) ?? '';

    /** Selects intervals of the heat map by keyboard, both included. */
    async function select(from: number, to: number): Promise<void> {
      const heatmap = page.locator('.heatmap');
      await heatmap.press('Escape');
      await heatmap.press('Home');
      for (let column = 0; column < from; column++) await heatmap.press('ArrowRight');
      for (let column = from; column < to; column++) await heatmap.press('Shift+ArrowRight');
      await page.locator('.chip').waitFor();
    }

    it('has a tile per key, and of each the counts the kernel has', async () => {
      panels.tellOnFailure();
      await panels.workbench.runCommand('View: Toggle Maximized Panel');
      page = await panels.pageOf('Histogram', 'readlat');
      await expect
        .poll(() => page.locator('.time-table tbody tr').count(), { timeout: deadlineMs(60_000) })
        .toBeGreaterThanOrEqual(PHASES);
      for (const command of COMMANDS) {
        const rows = await page.$$eval(`table[data-tile="${command}"] tbody tr`, found =>
          found.map(
            row => [row.getAttribute('data-min') ?? '', Number(row.getAttribute('data-count'))] as const,
          ),
        );
        expect(Object.fromEntries(rows.filter(([, count]) => count > 0))).toEqual(latencies(command, end));
      }
    });

    it('finds the key whose p99 is highest', async () => {
      panels.tellOnFailure();
      await page.getByRole('textbox', { name: 'Search keys' }).fill('er');
      await page.getByRole('combobox', { name: 'Sort' }).click();
      await page.getByRole('option', { name: 'Highest p99' }).click();
      const found = COMMANDS.filter(command => command.includes('er'))
        .map(command => ({ command, p99: percentileUs(latencies(command, end), 99) }))
        .sort((a, b) => b.p99 - a.p99);
      expect(found[0]?.command).toBe('ledger');
      const names = () => page.locator('.tile:visible .tile-name').allTextContents();
      await expect.poll(names).toEqual(found.map(({ command }) => command));
      expect(await page.locator('.tile:visible .tile-numbers').allTextContents()).toEqual(
        found.map(({ command, p99 }) => `p99 ${duration(p99)} · ${sum(latencies(command, end))}`),
      );
    });

    it('shows bounds, shares and percentiles of one key, empty slots included', async () => {
      panels.tellOnFailure();
      await page.locator('.tile', { hasText: 'ledger' }).click();
      const counts = latencies('ledger', end);
      await expect.poll(bars).toEqual(counts);
      const total = sum(counts);
      const mins = Object.keys(counts).map(Number);
      let below = 0;
      const lines: string[][] = [];
      for (let min = Math.min(...mins); min <= Math.max(...mins); min *= 2) {
        const count = counts[String(min)] ?? 0;
        below += count;
        lines.push([
          `${min.toLocaleString('en-US')}–${(2 * min - 1).toLocaleString('en-US')} µs`,
          String(count),
          `${((count / total) * 100).toFixed(1)} %`,
          `${((below / total) * 100).toFixed(1)} %`,
        ]);
      }
      // Other keys may reach further: their slots are empty here.
      const shown = await page.$$eval('.numbers table[data-map] tbody tr', found =>
        found.map(row => [...row.children].map(cell => cell.textContent ?? '')),
      );
      expect(shown.slice(0, lines.length)).toEqual(lines);
      expect(shown.slice(lines.length).every(([, count]) => count === '0')).toBe(true);
      for (const percent of [50, 90, 99, 99.9])
        expect(await stat(`p${percent}`)).toBe(duration(percentileUs(counts, percent)));
      expect(await stat('max')).toBe(duration(2 * Math.max(...mins) - 1));
      expect(await page.locator('.method').textContent()).toBe('nearest rank, evenly spread within a bucket');
    });

    it('has an interval per reading, and the bars of those selected', async () => {
      panels.tellOnFailure();
      const steps = await page.$$eval('.time-table tbody tr', rows =>
        rows.map(row => [Number(row.getAttribute('data-values')), row.children[3]?.textContent ?? '']),
      );
      for (let phase = 0; phase < PHASES; phase++) {
        const added = latencies('ledger', phase, phase);
        expect(steps[phase]).toEqual([sum(added), duration(percentileUs(added, 99))]);
      }
      await select(SLOW_FROM, SLOW_FROM + 3);
      expect(await bars()).toEqual(latencies('ledger', SLOW_FROM + 3, SLOW_FROM));
      await page.locator('.heatmap').press('Escape');
      expect(await bars()).toEqual(latencies('ledger', end));
    });

    it('compares what is shown with a range set aside', async () => {
      panels.tellOnFailure();
      const before = latencies('ledger', SLOW_FROM - 1, 2);
      const after = latencies('ledger', end, SLOW_FROM);
      await select(2, SLOW_FROM - 1);
      await page.getByRole('button', { name: 'Compare' }).click();
      await select(SLOW_FROM, end);
      const rows = await page.$$eval('.numbers table[data-map] tbody tr', found =>
        found.map(row => ({
          min: row.getAttribute('data-min') ?? '',
          now: Number(row.getAttribute('data-count')),
          was: Number(row.getAttribute('data-a-count')),
          difference: row.lastElementChild?.textContent ?? '',
        })),
      );
      for (const { min, now, was, difference } of rows) {
        expect([now, was]).toEqual([after[min] ?? 0, before[min] ?? 0]);
        const points = (now / sum(after) - was / sum(before)) * 100;
        expect(difference).toBe(`${points > 0 ? '+' : ''}${points.toFixed(1)} points`);
      }
      const [now, was] = [percentileUs(after, 99), percentileUs(before, 99)];
      const change = ((now / was - 1) * 100).toFixed(0);
      expect(await stat('p99')).toBe(`${duration(now)} (A ${duration(was)}, +${change} %)`);
    });

    it('comes back as it was when its page was reloaded and hidden', async () => {
      panels.tellOnFailure();
      const { workbench } = panels;
      const shown = async () => ({
        heading: await page.locator('.pane.bars h2').textContent(),
        compares: await page.getByRole('button', { name: 'Compare' }).getAttribute('aria-pressed'),
        search: await page.getByRole('textbox', { name: 'Search keys' }).inputValue(),
        range: await page.locator('.chip').textContent(),
        p99: await stat('p99'),
        bars: await bars(),
      });
      const before = await shown();
      for (const how of [
        () => workbench.runCommand('Developer: Reload Webviews'),
        async () => {
          await workbench.runCommand('BPF: Show Log');
          // It takes the keyboard once it is drawn, and would take it from the palette.
          await workbench.page.locator('.part.panel .monaco-editor.focused').waitFor();
          // A hidden page costs nothing: there is none.
          await expect.poll(() => workbench.webviewTitles()).not.toContain('Histogram');
          await workbench.runCommand('BPF: Show Histogram');
        },
      ]) {
        page = await panels.reloaded(page, 'Histogram', 'readlat', how);
        await expect.poll(shown).toEqual(before);
      }
    });

    it('writes the buckets to a file, by its button', async () => {
      panels.tellOnFailure();
      await page.locator('.heatmap').press('Escape');
      const text = await panels.exported(page, 'Buckets (CSV)', 'CSV', 'readlat-histograms.csv');
      const lines = text.trimEnd().split('\n');
      expect(lines[0]).toBe('map,key,unit,min,max,count');
      for (const command of COMMANDS) {
        expect(lines.filter(line => line.startsWith(`latency,${command},`))).toEqual(
          Object.entries(latencies(command, end))
            .sort(([a], [b]) => Number(a) - Number(b))
            .map(([min, count]) => `latency,${command},us,${min},${2 * Number(min) - 1},${count}`),
        );
      }
    });
  });
}
