/** Every kind of file every page promises, made by the page itself and read again. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { EXPORT_KINDS } from '../../src/shared/protocol/webview-exports';
import { type ExportedContent, type Panel, PanelHarness } from './harness';
import { entriesMessage, spanMessage } from './messages';
import { diskSession, diskStream, recordSpans } from './recorded-events';
import { COMMANDS, recordHistograms, SESSION, START_MS, sessionMessage } from './recorded-histograms';
import { recordedStacks } from './recorded-stacks';

type PanelName = keyof typeof EXPORT_KINDS;

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(Object.keys(EXPORT_KINDS));
});
afterAll(() => harness?.stop());

const stream = diskStream();
const recording = recordHistograms({ commands: COMMANDS.slice(0, 3), seconds: 5, worseFrom: 3 }, true);

function recorded(panel: PanelName): ToWebview[] {
  const session = sessionMessage('recorded');
  switch (panel) {
    case 'histogram':
      return [
        session,
        ...recording.map(each => ({ type: 'histograms', sessionId: SESSION, ...each }) as const),
      ];
    case 'events':
      return [
        diskSession(stream, 'recorded'),
        ...recordSpans(stream.record, 20, 10).map(({ bytes }, index) =>
          spanMessage(bytes, { lost: index === 1 ? 7 : 0 }),
        ),
      ];
    case 'stacks':
      return [
        session,
        {
          type: 'stacks',
          sessionId: SESSION,
          map: 'counts',
          label: 'Allocations',
          unit: 'bytes',
          stacks: recordedStacks(),
          atMs: START_MS,
        },
      ];
    case 'maps':
      return [
        session,
        entriesMessage('peers', [
          { key: { pid: 7 }, value: { bytes: 2n ** 60n, comm: '=cmd' } },
          { key: { pid: 8 }, value: { bytes: 1n, comm: 'dd' } },
        ]),
      ];
  }
}

async function opened(panel: PanelName): Promise<Panel> {
  const page = await harness.open(panel);
  await page.send(...recorded(panel));
  return page;
}

/** Reads the file as what it says it is; what it holds is checked below. */
function isWhole({ format, text, bytes }: ExportedContent): void {
  switch (format) {
    case 'png':
      expect(bytes.slice(0, 8)).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
      expect(bytes.length).toBeGreaterThan(5_000);
      break;
    case 'svg':
      expect(text).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      break;
    case 'json':
    case 'speedscope':
      expect(Object.keys(JSON.parse(text)).length).toBeGreaterThan(2);
      break;
    case 'ndjson':
      for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type');
      break;
    case 'csv': {
      const [head = '', ...rows] = text.trimEnd().split('\n');
      expect(rows.length).toBeGreaterThan(0);
      expect(head.split(',').length).toBeGreaterThan(1);
      break;
    }
    default:
      expect(text).toMatch(/^(.+ \d+\n)+$/);
  }
}

describe('exports', () => {
  for (const [panel, kinds] of Object.entries(EXPORT_KINDS) as [
    PanelName,
    (typeof EXPORT_KINDS)[PanelName],
  ][]) {
    it(`${panel}: every kind, named by session and content`, async () => {
      const page = await opened(panel);
      for (const { id, format } of kinds) {
        const file = await page.exported(id);
        expect(file.format, id).toBe(format);
        expect(file.name).toMatch(/^recorded[^/]*\.(csv|ndjson|json|svg|png|folded)$/);
        isWhole(file);
      }
      expect(page.problems).toEqual([]);
      await page.close();
    });

    it(`${panel}: the button asks the host, and an empty page has nothing`, async () => {
      const page = await harness.open(panel);
      await page.send(...recorded(panel).slice(0, 1));
      await expect(page.exported(kinds[0].id)).rejects.toThrow(/not exported: $/m);
      await page.send(...recorded(panel).slice(1));
      await page.page.getByRole('button', { name: 'Export…' }).click();
      expect(await page.said('command')).toEqual({ type: 'command', command: 'export' });
      await page.close();
    });
  }

  it('keeps counts, time line and percentiles of histograms', async () => {
    const page = await opened('histogram');
    const last = recording.at(-1)?.histograms ?? [];
    const everything = JSON.parse((await page.exported('json')).text);
    expect(everything.histograms.map((each: { total: number }) => each.total)).toEqual(
      last.map(each => each.total),
    );
    expect(everything.histograms[0].percentiles).toHaveProperty('p99.9');
    expect(everything.timeline).toHaveLength(5);
    const [head, ...rows] = (await page.exported('timeline-csv')).text.trimEnd().split('\n');
    expect(head).toBe('from,to,map,key,unit,values,p50,p90,p99,lost');
    const ofFirst = rows.map(row => row.split(',')).filter(row => row[3] === COMMANDS[0]);
    expect(ofFirst.map(row => Number(row[5])).reduce((sum, count) => sum + count, 0)).toBe(last[0]?.total);
    await page.close();
  });

  it('keeps marks of lost records, large integers and hostile text', async () => {
    const events = await opened('events');
    const { rows } = JSON.parse((await events.exported('json')).text);
    expect(rows.filter((row: { type: string }) => row.type === 'lost')).toEqual([
      { type: 'lost', records: 7 },
    ]);
    expect(rows).toHaveLength(21);
    await events.close();
    const maps = await opened('maps');
    expect(JSON.parse((await maps.exported('json')).text).entries[0].value).toEqual({
      bytes: String(2n ** 60n),
      comm: '=cmd',
    });
    expect((await maps.exported('csv')).text).toContain("'=cmd");
    await maps.close();
  });

  it('draws in the theme of the moment', async () => {
    const page = await opened('histogram');
    const fill = async () =>
      /<rect width="100%" height="100%" fill="([^"]+)"/.exec((await page.exported('svg')).text)?.[1];
    const before = await fill();
    await page.page.evaluate(() => {
      document.documentElement.style.setProperty('--vscode-panel-background', '#fefefe');
      document.body.className = 'vscode-light';
    });
    expect(before).not.toBe('#fefefe');
    expect(await fill()).toBe('#fefefe');
    await page.close();
  });

  it('draws readable pictures', async () => {
    const page = await opened('histogram');
    const { bytes } = await page.exported('heatmap-png');
    const size = await page.page.evaluate(async data => {
      const picture = await createImageBitmap(new Blob([Uint8Array.from(data)], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const context = canvas.getContext('2d');
      context?.drawImage(picture, 0, 0);
      const pixels = context?.getImageData(0, 0, picture.width, picture.height).data ?? [];
      const colors = new Set<string>();
      for (let at = 0; at < pixels.length; at += 4)
        colors.add(`${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`);
      return { width: picture.width, colors: colors.size };
    }, bytes);
    expect(size.width).toBeGreaterThan(600);
    // Background, text and the ramp's steps.
    expect(size.colors).toBeGreaterThan(10);
    await page.close();
  });
});
