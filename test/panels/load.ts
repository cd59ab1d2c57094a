/** Pages under load, and what they take: the benchmark holds the promises against it, a test that it works at all. */
import type { Panel, PanelHarness } from './harness';
import { diskSession, diskStream, recordSpans } from './recorded-events';
import { SESSION, START_MS, sessionMessage } from './recorded-histograms';

export interface Flood {
  /** Between animation frames, and long tasks (over 50 ms), in ms. */
  readonly frames: readonly number[];
  readonly longTasks: readonly number[];
  readonly betweenUpdatesMs: number;
  readonly rows: number;
  readonly sent: number;
}

/** 100,000 events a second: 2,000 records every 20 ms, whatever the page makes of it. Throws when rows are missing. */
export async function floodRun(harness: PanelHarness, seconds: number): Promise<Flood> {
  const panel = await harness.open('events');
  const stream = diskStream();
  await panel.send(diskSession(stream));
  const [span] = recordSpans(stream.record, 2000, 2000);
  if (!span) throw new Error('no span');
  const measured = await panel.page.evaluate(
    async ({ base64, session, seconds }) => {
      const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0)).buffer;
      const longTasks: number[] = [];
      new PerformanceObserver(list =>
        longTasks.push(...list.getEntries().map(entry => entry.duration)),
      ).observe({ entryTypes: ['longtask'] });
      const grid = document.querySelector('.grid');
      const frames: number[] = [];
      let updates = 0;
      let rows = '';
      let sent = 0;
      const started = performance.now();
      let last = started;
      while (last - started < seconds * 1000) {
        for (; sent * 20 <= last - started; sent++)
          window.postMessage(
            {
              type: 'span',
              sessionId: session,
              stream: 'events',
              bytes: bytes.slice(0),
              lost: 0,
              atMs: 1_700_000_000_000 + sent * 20,
            },
            '*',
          );
        await new Promise(resolve => requestAnimationFrame(resolve));
        const now = performance.now();
        frames.push(now - last);
        last = now;
        const count = grid?.getAttribute('aria-rowcount') ?? '';
        if (count !== rows) updates++;
        rows = count;
      }
      return { frames, longTasks, betweenUpdatesMs: (seconds * 1000) / updates, rows: Number(rows), sent };
    },
    { base64: Buffer.from(span.bytes).toString('base64'), session: SESSION, seconds },
  );
  if (measured.rows < measured.sent * 2000 * 0.9) throw new Error(`${measured.rows} rows were taken`);
  if (panel.problems.length > 0) throw new Error(panel.problems.join('\n'));
  await panel.close();
  return measured;
}

/** A page with a million rows: one span, a hundred times, for what travels is not what is looked at. */
export async function openMillionRows(harness: PanelHarness): Promise<Panel> {
  const panel = await harness.open('events');
  const stream = diskStream();
  await panel.send(diskSession(stream));
  const [span] = recordSpans(stream.record, 10_000, 10_000);
  if (!span) throw new Error('no span');
  await panel.page.evaluate(
    ({ base64, session }) => {
      const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0)).buffer;
      for (let copy = 0; copy < 100; copy++)
        window.postMessage(
          {
            type: 'span',
            sessionId: session,
            stream: 'events',
            bytes: bytes.slice(0),
            lost: 0,
            atMs: 1_700_000_000_000 + copy * 1000,
          },
          '*',
        );
    },
    { base64: Buffer.from(span.bytes).toString('base64'), session: SESSION },
  );
  await panel.page.waitForFunction(
    () => document.querySelector('.grid')?.getAttribute('aria-rowcount') === '1000001',
  );
  return panel;
}

function dragThrough(panel: Panel): Promise<number[]> {
  return panel.page.evaluate(async () => {
    const grid = document.querySelector('.grid');
    if (!grid) throw new Error('no grid');
    const times: number[] = [];
    let last = performance.now();
    for (let step = 0; step < 180; step++) {
      grid.scrollTop = (step / 180) * grid.scrollHeight;
      await new Promise(resolve => requestAnimationFrame(resolve));
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    return times;
  });
}

/** A million rows, dragged from top to bottom: time between animation frames in ms. Throws when it does not get there. */
export async function scrollRun(harness: PanelHarness): Promise<number[]> {
  const panel = await openMillionRows(harness);
  const frames = await dragThrough(panel);
  const lowest = await panel.page.$$eval('.grid-body .grid-row', rows =>
    Math.max(...rows.map(row => (row.hasAttribute('hidden') ? 0 : Number(row.getAttribute('data-row'))))),
  );
  if (lowest < 0.99 * 1_000_000) throw new Error(`row ${lowest} is the lowest that was drawn`);
  await panel.close();
  return frames;
}

/** From one animation frame to the next, the page's own drawing between them: bars, heat map and both tables. */
export async function heatRun(harness: PanelHarness): Promise<number[]> {
  const panel = await harness.open('histogram');
  const snapshot = (second: number) => ({
    atMs: START_MS + second * 1000,
    drops: { kernel: 0, tracer: 0, client: 0 },
    histograms: [
      {
        map: 'dist',
        label: 'Latency',
        kind: 'linear' as const,
        unit: 'us',
        key: null,
        total: 64 * (second + 1) ** 2,
        buckets: Array.from({ length: 64 }, (_, slot) => ({
          min: slot * 10,
          max: slot * 10 + 9,
          count: (second + 1) * (1 + ((slot * 7 + second * 3) % 50)),
        })),
      },
    ],
  });
  const snapshots = Array.from({ length: 300 }, (_, second) => snapshot(second));
  await panel.send(sessionMessage(), { type: 'histogramHistory', sessionId: SESSION, base: null, snapshots });
  const updates = Array.from({ length: 30 }, (_, step) => snapshot(300 + step));
  const times = await panel.page.evaluate(
    async ({ updates, session }) => {
      const frame = (): Promise<number> => new Promise(resolve => requestAnimationFrame(resolve));
      const spent: number[] = [];
      for (const { histograms, atMs } of updates) {
        window.postMessage({ type: 'histograms', sessionId: session, histograms, atMs }, '*');
        await new Promise(resolve => setTimeout(resolve));
        // The page asked for its frame first: it draws between these two.
        const drawn = new Promise<number>(resolve => requestAnimationFrame(() => resolve(performance.now())));
        const asked = await frame();
        spent.push((await drawn) - asked);
      }
      return spent;
    },
    { updates, session: SESSION },
  );
  const drawn = await panel.page.locator('.time-table tbody tr').count();
  if (drawn !== 300) throw new Error(`${drawn} intervals were drawn`);
  await panel.close();
  return times;
}
