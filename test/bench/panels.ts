/** Panels in Chromium, as VS Code would show them, under load. */
import { PanelHarness } from '../panels/harness';
import { diskStream, recordSpans } from '../panels/recorded-events';
import { SESSION, START_MS, sessionMessage } from '../panels/recorded-histograms';
import { percentile, type Row, row } from './measure';

const SECONDS = 5;

export async function benchPanels(runs: number, add: (row: Row) => void): Promise<void> {
  const harness = await PanelHarness.start(['events', 'histogram']);
  try {
    const flood = { betweenUpdates: [] as number[], frame: [] as number[], task: [] as number[] };
    const scroll: number[] = [];
    const heat: number[] = [];
    for (let run = 0; run < runs; run++) {
      const measured = await floodRun(harness);
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

/** 2,000 records every 20 ms, whatever the page makes of it. */
async function floodRun(harness: PanelHarness) {
  const panel = await harness.open('events');
  const stream = diskStream();
  const message = sessionMessage('disksnoop');
  await panel.send(message.type === 'session' ? { ...message, streams: [stream] } : message);
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
    { base64: Buffer.from(span.bytes).toString('base64'), session: SESSION, seconds: SECONDS },
  );
  if (measured.rows < measured.sent * 2000 * 0.9) throw new Error(`${measured.rows} rows were taken`);
  if (panel.problems.length > 0) throw new Error(panel.problems.join('\n'));
  await panel.close();
  return measured;
}

async function scrollRun(harness: PanelHarness): Promise<number[]> {
  const panel = await harness.open('events');
  const stream = diskStream();
  const message = sessionMessage('disksnoop');
  await panel.send(message.type === 'session' ? { ...message, streams: [stream] } : message);
  const [span] = recordSpans(stream.record, 10_000, 10_000);
  if (!span) throw new Error('no span');
  await panel.page.evaluate(
    async ({ base64, session }) => {
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
  const frames = await panel.page.evaluate(async () => {
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
  await panel.close();
  return frames;
}

/** From one animation frame to the next, the page's own drawing between them: bars, heat map and both tables. */
async function heatRun(harness: PanelHarness): Promise<number[]> {
  const panel = await harness.open('histogram');
  const snapshot = (second: number) => ({
    atMs: START_MS + second * 1000,
    drops: { kernel: 0, helper: 0, client: 0 },
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
  await panel.send(sessionMessage(), { type: 'histogramHistory', sessionId: SESSION, snapshots });
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
  await panel.close();
  return times;
}
