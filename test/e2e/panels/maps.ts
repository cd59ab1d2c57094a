import { describe, expect, it } from 'vitest';
import { totals } from '../replay/known';
import { COMMANDS, PHASES } from '../replay/scenes';
import { rowCount } from './rows';
import type { PanelWindow } from './window';

/** Needs the panel maximized and readlat attached before: see histogram.ts. */
export function mapsPanel(panels: PanelWindow): void {
  describe('the Maps panel', () => {
    it('shows a table with change and rate of each reading, and writes it', async () => {
      panels.tellOnFailure();
      const { workbench } = panels;
      // From the beginning, with the values of before: ▶ remembers them.
      await workbench.runCommand('View: Toggle Maximized Panel');
      await panels.attach('readlat', 'Histogram');
      await workbench.runCommand('BPF: Show Maps');
      // Every phase has the same reads; the second reading is the first that has something to compare with.
      const perPhase = { reads: totals('ledger', 1).reads - totals('ledger', 0).reads };
      const changed = `.grid-row[data-key=ledger] [data-column="change.reads"][data-value="${perPhase.reads}"]`;
      const page = await panels.pageWith('Maps', 'readlat', changed);
      const rows = await page.$$eval(
        '.grid-body .grid-row:not([hidden])',
        found =>
          found.map(row => ({
            key: row.getAttribute('data-key') ?? '',
            ...Object.fromEntries(
              [...row.querySelectorAll('[data-column]')].map(cell => [
                cell.getAttribute('data-column') ?? '',
                cell.getAttribute('data-value') ?? '',
              ]),
            ),
          })) as ({ key: string } & Record<string, string>)[],
      );
      const own = rows.filter(({ key }) => COMMANDS.some(command => command === key));
      expect(own.map(({ key }) => key).sort()).toEqual([...COMMANDS].sort());
      const reading = Array.from({ length: PHASES }, (_, phase) => phase).find(
        phase =>
          totals('ledger', phase).reads === Number(own.find(({ key }) => key === 'ledger')?.['value.reads']),
      );
      if (!reading) throw new Error('what is shown is of no reading');
      const seconds = new Set<number>();
      for (const row of own) {
        const now = totals(row.key, reading);
        const before = totals(row.key, reading - 1);
        expect([row['value.reads'], row['value.bytes'], row['value.slowest']].map(Number)).toEqual([
          now.reads,
          now.bytes,
          now.slowest,
        ]);
        for (const column of ['reads', 'bytes'] as const) {
          expect(Number(row[`change.${column}`])).toBe(now[column] - before[column]);
          seconds.add(Math.round(((now[column] - before[column]) / Number(row[`rate.${column}`])) * 1000));
        }
      }
      // All rates are of the one interval between the readings.
      expect(seconds.size).toBe(1);
      const [intervalMs = 0] = seconds;
      expect(intervalMs).toBeGreaterThan(900);

      const last = PHASES - 1;
      await page
        .locator(
          `.grid-row[data-key=ledger] [data-column="value.reads"][data-value="${totals('ledger', last).reads}"]`,
        )
        .waitFor();
      await page.getByRole('textbox', { name: 'Search entries' }).fill('ledger');
      await expect.poll(() => rowCount(page)).toBe(1);
      const { reads, bytes, slowest } = totals('ledger', last);
      const [head = '', line = '', ...others] = (
        await panels.exported(page, 'Entries (CSV)', 'CSV', 'readlat-Reads by command.csv')
      )
        .trimEnd()
        .split('\n');
      expect(others).toEqual([]);
      const cells = Object.fromEntries(head.split(',').map((name, at) => [name, line.split(',')[at]]));
      expect([cells.reads, cells.bytes, cells.slowest].map(Number)).toEqual([reads, bytes, slowest]);
    });
  });
}
