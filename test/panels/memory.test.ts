/** A page may be open for days: what it keeps is bounded, whatever it is sent. Heap after collecting garbage. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Panel, PanelHarness } from './harness';
import { diskSession, diskStream, recordSpans } from './recorded-events';
import { SESSION, START_MS, sessionMessage } from './recorded-histograms';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['events', 'histogram']);
});
afterAll(() => harness?.stop());

/** What V8 and the drawing library themselves move about. */
const MOST_GROWTH_MB = 3;

async function heapMb(panel: Panel): Promise<number> {
  const debug = await panel.page.context().newCDPSession(panel.page);
  await debug.send('HeapProfiler.enable');
  await debug.send('HeapProfiler.collectGarbage');
  const usage: { usedSize: number; backingStorageSize?: number } = await debug.send('Runtime.getHeapUsage');
  await debug.detach();
  // What ArrayBuffers hold counts by itself.
  return (usage.usedSize + (usage.backingStorageSize ?? 0)) / 2 ** 20;
}

/** Sends what the page's own function makes of each number, a hundred a frame. */
async function sendMany(panel: Panel, from: number, to: number, message: string): Promise<void> {
  await panel.page.evaluate(
    async ({ from, to, message }) => {
      const make = (window as unknown as Record<string, (i: number) => unknown>)[message];
      if (!make) throw new Error(message);
      for (let i = from; i < to; i++) {
        window.postMessage(make(i), '*');
        if (i % 100 === 0) await new Promise(resolve => requestAnimationFrame(resolve));
      }
      await new Promise(resolve => setTimeout(resolve));
      await new Promise(resolve => requestAnimationFrame(resolve));
    },
    { from, to, message },
  );
}

describe('what a page keeps', () => {
  it('of histograms is the last 300 intervals', async () => {
    const panel = await harness.open('histogram');
    await panel.send(sessionMessage());
    await panel.page.evaluate(
      ({ sessionId, startMs }) => {
        Object.assign(window, {
          snapshot: (i: number) => ({
            type: 'histograms',
            sessionId,
            atMs: startMs + i * 1000,
            histograms: Array.from({ length: 20 }, (_, key) => ({
              map: 'dist',
              label: 'Latency',
              kind: 'log2',
              unit: 'us',
              key: { pid: key, comm: `command ${key}` },
              total: (i + 1) * 64,
              buckets: Array.from({ length: 20 }, (_, slot) => ({
                min: 2 ** slot,
                max: 2 ** (slot + 1) - 1,
                count: (i + 1) * ((slot * 7) % 5),
              })),
            })),
          }),
        });
      },
      { sessionId: SESSION, startMs: START_MS },
    );
    await sendMany(panel, 0, 500, 'snapshot');
    const before = await heapMb(panel);
    await sendMany(panel, 500, 3000, 'snapshot');
    expect((await heapMb(panel)) - before).toBeLessThan(MOST_GROWTH_MB);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('of events is what the setting allows', async () => {
    const panel = await harness.open('events');
    const stream = diskStream();
    const [span] = recordSpans(stream.record, 2000, 2000);
    if (!span) throw new Error('no span');
    const session = diskSession(stream);
    if (session.type !== 'session') throw new Error(session.type);
    await panel.send({ ...session, eventBytesLimit: 4 << 20 });
    await panel.page.evaluate(
      ({ base64, sessionId }) => {
        const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0)).buffer;
        Object.assign(window, {
          span: (i: number) => ({
            type: 'span',
            sessionId,
            stream: 'events',
            bytes: bytes.slice(0),
            lost: i % 3,
            atMs: 1_700_000_000_000 + i * 20,
          }),
        });
      },
      { base64: Buffer.from(span.bytes).toString('base64'), sessionId: SESSION },
    );
    await sendMany(panel, 0, 300, 'span');
    const before = await heapMb(panel);
    await sendMany(panel, 300, 2000, 'span');
    expect((await heapMb(panel)) - before).toBeLessThan(MOST_GROWTH_MB);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });
});
