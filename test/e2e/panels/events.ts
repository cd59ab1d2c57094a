import { describe, expect, it } from 'vitest';
import { holdReplay } from '../replay/extension';
import { diskRequests, globals } from '../replay/known';
import { rowCount, rowsIn } from './rows';
import type { PanelWindow } from './window';

/** Columns, filter, detail, pause and marks of what was lost. */
export function eventsPanel(panels: PanelWindow): void {
  describe('the Events panel', () => {
    it('formats every column by its meaning', async () => {
      panels.tellOnFailure();
      const page = await panels.attach('disksnoop', 'Events');
      await panels.workbench.runCommand('View: Toggle Maximized Panel');
      const requests = diskRequests();
      expect(requests).toHaveLength(7 + 3 + 2);
      await expect.poll(() => rowCount(page)).toBe(requests.length);
      const kib = (bytes: number) => `${bytes / 1024} KiB`;
      expect(await rowsIn(page)).toEqual(
        requests.map(({ ts, disk, operation, sector, bytes, latencyNs, pid, comm }) => ({
          ts: `${ts / 1_000_000_000n}.${String((ts / 1000n) % 1_000_000n).padStart(6, '0')}`,
          dev: disk,
          op: operation,
          sector: String(sector),
          bytes: kib(bytes),
          latency: `${(latencyNs / 1e6).toFixed(latencyNs < 1e7 ? 2 : 1)} ms`,
          error: '0',
          pid: String(pid),
          comm,
        })),
      );
      const filter = page.getByRole('combobox', { name: 'Filter' });
      await filter.fill('bytes >= 4KiB && op == io_read && latency > 1ms && comm == "dd"');
      await expect.poll(() => rowCount(page)).toBe(7);
      await filter.fill('op == io_write || sector == 202');
      await expect.poll(() => rowCount(page)).toBe(4);
      expect((await rowsIn(page)).map(({ bytes, sector }) => [bytes, sector])).toEqual([
        ['64 KiB', '0'],
        ['64 KiB', '128'],
        ['64 KiB', '256'],
        ['1 KiB', '202'],
      ]);
      await page.locator('.grid-body .grid-row').first().dblclick();
      const detail = page.locator('.detail');
      await expect.poll(() => detail.locator('h2').textContent()).toBe('Record 8');
      const written = diskRequests()[7];
      if (!written) throw new Error('the first write was recorded');
      expect(await detail.locator('dl').textContent()).toContain(`bytes64 KiB 65536latency`);
      expect(await detail.locator('dl').textContent()).toContain(String(written.latencyNs));
      const text = await panels.exported(page, 'Rows (CSV)', 'CSV', 'disksnoop-events.csv');
      expect(text.trimEnd().split('\n')).toEqual([
        'ts,dev,op,sector,bytes,latency,error,pid,comm',
        ...requests
          .filter(({ operation, sector }) => operation === 'io_write' || sector === 202)
          .map(({ ts, disk, operation, sector, bytes, latencyNs, pid, comm }) =>
            [ts, disk, operation, sector, bytes, latencyNs, 0, pid, comm].join(','),
          ),
      ]);
    });

    it('holds still while paused, and marks where the ring ran over', async () => {
      panels.tellOnFailure();
      await holdReplay(panels.extension, { trace_perf_output: 1 });
      await panels.workbench.runCommand('View: Toggle Maximized Panel');
      await panels.workbench.openFile('trace_perf_output.bpf.c');
      await panels.workbench.clickTitleButton('Attach with Parameters…');
      const form = await panels.workbench.webview('Parameters of trace_perf_output');
      await form.getByRole('combobox', { name: 'Events from' }).click();
      await form.getByRole('option', { name: 'getpid_call' }).click();
      await form.getByRole('button', { name: 'Attach' }).click();
      const page = await panels.pageOf('Events', 'trace_perf_output');
      const [first, overrun, last] = [0, 1, 2].map(phase => globals('trace_perf_output', phase));
      if (!first || !overrun || !last) throw new Error('three phases were recorded');
      await expect.poll(() => rowCount(page)).toBe(first.events_total);
      await page.getByRole('button', { name: 'Pause' }).click();
      // What was recorded after the last reading is in no count of bpftool's.
      await holdReplay(panels.extension, { trace_perf_output: 3 });
      // Records, and one row for those that were lost.
      const arrived = (last.events_total ?? 0) - (last.events_dropped ?? 0) + 1;
      const newer = page.getByRole('button', { name: `${arrived - (first.events_total ?? 0)} newer` });
      await newer.waitFor();
      expect(await rowCount(page)).toBe(first.events_total);
      await newer.click();
      await expect.poll(() => rowCount(page)).toBe(arrived);
      const filter = page.getByRole('combobox', { name: 'Filter' });
      // Marks of what was lost pass every filter.
      await filter.fill('number == 1081');
      await expect.poll(() => rowCount(page)).toBe(2);
      expect(await rowsIn(page)).toEqual([
        { lost: `${overrun.events_dropped} records lost here` },
        expect.objectContaining({
          number: String(last.events_total),
          source: 'getpid_call',
          magic: '0x12345678',
        }),
      ]);
      expect(await page.locator('.loss').getAttribute('data-lost')).toBe(String(last.events_dropped));
      await filter.fill('');
      await expect.poll(() => rowCount(page)).toBe(arrived);
    });
  });
}
