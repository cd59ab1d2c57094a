import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { plainHistogram } from '../unit/plain-histogram';
import { type Panel, PanelHarness, THEMES } from './harness';
import { COMMANDS, recordHistograms, SESSION, START_MS, sessionMessage } from './recorded-histograms';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['histogram']);
});
afterAll(() => harness?.stop());

const NO_DROPS = { kernel: 0, tracer: 0, client: 0 };

/** The bars of the large chart, as the table behind it says. */
async function bars(panel: Panel): Promise<[min: string, max: string, count: number][]> {
  return panel.page.$$eval('.numbers table[data-map] tbody tr', rows =>
    rows.map(row => [
      row.getAttribute('data-min') ?? '',
      row.getAttribute('data-max') ?? '',
      Number(row.getAttribute('data-count')),
    ]),
  );
}

async function play(
  panel: Panel,
  keyed: boolean,
  seconds = 90,
): Promise<ReturnType<typeof recordHistograms>> {
  const recording = recordHistograms({ commands: keyed ? COMMANDS : ['all'], seconds, worseFrom: 60 }, keyed);
  await panel.send(sessionMessage());
  await panel.send({
    type: 'histogramHistory',
    sessionId: SESSION,
    base: null,
    snapshots: recording.slice(0, -1).map(({ atMs, histograms }, second) => ({
      atMs,
      histograms,
      drops: { ...NO_DROPS, kernel: second >= 47 ? 213 : 0 },
    })),
  });
  const last = recording.at(-1);
  if (last)
    await panel.send(
      { type: 'histograms', sessionId: SESSION, ...last },
      { type: 'drops', sessionId: SESSION, drops: { ...NO_DROPS, kernel: 213 } },
    );
  return recording;
}

describe('histogram page', () => {
  it('reports which way of counting is assumed, and takes another', async () => {
    const panel = await harness.open('histogram');
    await panel.send(sessionMessage());
    const histogram = {
      map: 'hist',
      label: 'hist',
      kind: 'log2' as const,
      unit: 'us',
      key: null,
      buckets: [
        { min: 256, max: 511, count: 2 },
        { min: 2 ** 26, max: 2n ** 64n - 1n, count: 1 },
      ],
      total: 3,
      slots: { convention: 'libbpf-tools' as const, assumed: true, count: 27 },
    };
    await panel.send({ type: 'histograms', sessionId: SESSION, histograms: [histogram], atMs: START_MS });
    expect(await panel.page.textContent('.slots')).toContain('Assumed: slots of');
    expect(await panel.page.textContent('.slots')).toContain('slot k counts 2^k to 2^(k+1) - 1');
    expect(await panel.page.textContent('[data-stat="max"] dd')).toBe('≥ 67.1 s');
    await panel.page.locator('.slots vscode-dropdown').click();
    await panel.page.getByRole('option', { name: 'bcc' }).click();
    expect(await panel.page.evaluate(() => window.fromPage.filter(({ type }) => type === 'showAs'))).toEqual([
      { type: 'showAs', of: 'slots hist', value: 'bcc' },
    ]);
    const stated = { ...histogram, slots: { ...histogram.slots, assumed: false } };
    await panel.send({ type: 'histograms', sessionId: SESSION, histograms: [stated], atMs: START_MS + 1000 });
    await expect.poll(() => panel.page.isHidden('.slots')).toBe(true);
  });

  it('shows the exact bars of a live histogram, empty slots included', async () => {
    const panel = await harness.open('histogram');
    await panel.send(sessionMessage());
    expect(await panel.page.textContent('.empty')).toContain('no values yet');
    const buckets = [
      { min: 0, max: 0, count: 2 },
      { min: 4, max: 7, count: 5 },
      { min: 65536, max: 131071, count: 1 },
    ];
    const histogram = plainHistogram(buckets);
    await panel.send({ type: 'histograms', sessionId: SESSION, histograms: [histogram], atMs: START_MS });
    const shown = await bars(panel);
    expect(shown.filter(([, , count]) => count > 0)).toEqual([
      ['0', '0', 2],
      ['4', '7', 5],
      ['65536', '131071', 1],
    ]);
    expect(shown).toHaveLength(18);
    expect(shown[1]).toEqual(['1', '1', 0]);
    const cells = await panel.page.$$eval('.numbers table[data-map] tr[data-min="4"] > *', found =>
      found.map(cell => cell.textContent),
    );
    expect(cells).toEqual(['4–7 µs', '5', '62.5 %', '87.5 %']);
    expect(await panel.page.textContent('[data-stat="max"] dd')).toBe('131 ms');

    const more = plainHistogram([
      { min: 0, max: 0, count: 2 },
      { min: 4, max: 7, count: 9 },
      { min: 65536, max: 131071, count: 1 },
    ]);
    await panel.send({ type: 'histograms', sessionId: SESSION, histograms: [more], atMs: START_MS + 1000 });
    expect((await bars(panel)).find(([min]) => min === '4')).toEqual(['4', '7', 9]);
    await panel.page.getByRole('button', { name: 'Last Interval' }).click();
    expect((await bars(panel)).filter(([, , count]) => count > 0)).toEqual([['4', '7', 4]]);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('keeps hostile keys as text', async () => {
    const panel = await harness.open('histogram');
    const key = { comm: '<img src=x onerror=alert(1)>' };
    const histogram = plainHistogram([{ min: 1, max: 1, count: 1 }], { key });
    await panel.send(sessionMessage('<b>title</b>\u202e\u001b[2J'));
    await panel.send({
      type: 'histograms',
      sessionId: SESSION,
      histograms: [histogram, { ...histogram, key: { comm: '=cmd()' } }],
      atMs: START_MS,
    });
    expect(await panel.page.locator('img').count()).toBe(0);
    expect(await panel.page.textContent('h1')).toBe('<b>title</b>\\u{202e}\\e[2J');
    for (const hidden of ['\u001b', '\u202e']) expect(await panel.page.content()).not.toContain(hidden);
    expect(await panel.page.locator('.tile-name').allTextContents()).toContain(
      '<img src=x onerror=alert(1)>',
    );
    expect((await panel.exported('csv')).text).toContain("dist,'=cmd(),us,1,1,1");
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('selects a range of the time line by keyboard and filters the bars', async () => {
    const panel = await harness.open('histogram');
    const recording = await play(panel, false);
    const heatmap = panel.page.locator('.heatmap');
    await heatmap.focus();
    await panel.page.keyboard.press('ArrowLeft');
    await panel.page.keyboard.press('ArrowLeft');
    await panel.page.keyboard.press('Shift+ArrowRight');
    const before = recording.at(-3)?.histograms[0]?.total ?? 0;
    const after = recording.at(-1)?.histograms[0]?.total ?? 0;
    const sum = (await bars(panel)).reduce((total, [, , count]) => total + count, 0);
    expect(sum).toBe(after - before);
    expect(await panel.page.locator('.chip').isVisible()).toBe(true);
    await heatmap.focus();
    await panel.page.keyboard.press('Escape');
    expect((await bars(panel)).reduce((total, [, , count]) => total + count, 0)).toBe(after);
    const lost = await panel.page.$$eval('.time-table tr[data-lost]', rows =>
      rows
        .filter(row => row.getAttribute('data-lost') !== '0')
        .map(row => [row.getAttribute('data-step'), row.getAttribute('data-lost')]),
    );
    expect(lost).toEqual([['47', '213']]);
    await panel.close();
  });

  it('compares with a run set aside, and remembers it over a reload', async () => {
    const panel = await harness.open('histogram');
    const [first, second] = recordHistograms({ commands: ['all'], seconds: 2, worseFrom: 1 }, false);
    if (!first || !second) throw new Error('recording too short');
    await panel.send(sessionMessage(), { type: 'histograms', sessionId: SESSION, ...first });
    await panel.page.getByRole('button', { name: 'Compare' }).click();
    await panel.send({ type: 'histograms', sessionId: SESSION, ...second });
    const row = panel.page.locator('.numbers tr[data-min="8"]');
    const was = first.histograms[0]?.buckets.find(bucket => bucket.min === 8)?.count ?? -1;
    expect(await row.getAttribute('data-a-count')).toBe(String(was));
    await panel.reload();
    await panel.send(sessionMessage(), { type: 'histograms', sessionId: SESSION, ...second });
    expect(await row.getAttribute('data-a-count')).toBe(String(was));
    await panel.close();
  });

  it('holds still while paused, also when loaded anew, and can be searched meanwhile', async () => {
    const panel = await harness.open('histogram');
    const recording = recordHistograms({ commands: COMMANDS, seconds: 6, worseFrom: 60 }, true);
    const snapshots = recording.map(each => ({ ...each, drops: NO_DROPS }));
    const live = (from: number, to: number): ToWebview[] =>
      recording.slice(from, to).map(each => ({ type: 'histograms', sessionId: SESSION, ...each }));
    const total = (second: number) =>
      recording[second]?.histograms.reduce((sum, histogram) => sum + histogram.total, 0) ?? -1;
    const shown = async () => (await bars(panel)).reduce((sum, [, , count]) => sum + count, 0);
    const pause = panel.page.getByRole('button', { name: 'Pause' });
    await panel.send(sessionMessage(), ...live(0, 3));
    await pause.click();
    await panel.send(...live(3, 4));
    expect(await shown()).toBe(total(2));
    await panel.page.getByRole('textbox', { name: 'Search keys' }).fill('postgres');
    await expect.poll(() => panel.page.locator('.tile:visible').count()).toBe(1);
    expect(await shown()).toBe(recording[2]?.histograms[0]?.total);
    await panel.page.getByRole('textbox', { name: 'Search keys' }).fill('');

    await panel.reload();
    await panel.send(
      sessionMessage(),
      { type: 'histogramHistory', sessionId: SESSION, base: null, snapshots: snapshots.slice(0, 4) },
      ...live(4, 6),
    );
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    expect(await shown()).toBe(total(2));
    await pause.click();
    await expect.poll(shown).toBe(total(5));
    expect(await panel.page.locator('.time-table tbody tr').count()).toBe(6);

    await panel.reload();
    await panel.send(sessionMessage(), {
      type: 'histogramHistory',
      sessionId: SESSION,
      base: null,
      snapshots: snapshots.slice(0, 4),
    });
    expect(await pause.getAttribute('aria-pressed')).toBe('false');
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('walks the bars with the arrow keys', async () => {
    const panel = await harness.open('histogram');
    await play(panel, false, 5);
    await panel.page.locator('.bar-chart').focus();
    await panel.page.keyboard.press('Home');
    await panel.page.keyboard.press('ArrowRight');
    const [min] = (await bars(panel))[1] ?? [];
    expect(await panel.page.textContent('.bar-chart .readout strong')).toContain(
      min === '1' ? '1 µs' : '2–3 µs',
    );
    await panel.page.keyboard.press('Escape');
    expect(await panel.page.locator('.bar-chart .readout').isVisible()).toBe(false);
    await panel.close();
  });

  it('fits a narrow side bar, and shows percentile slots with an overflow', async () => {
    const panel = await harness.open('histogram', 'dark', { width: 380, height: 640 });
    const slots = Array.from({ length: 100 }, (_, slot) => ({
      min: slot * 10,
      max: slot * 10 + 9,
      count: Math.round(900 / (1 + Math.abs(slot - 30))),
    }));
    const buckets = [...slots, { min: 1000, max: 2n ** 64n - 1n, count: 4 }];
    await panel.send(sessionMessage('biolatpcts'), {
      type: 'histograms',
      sessionId: SESSION,
      atMs: START_MS,
      histograms: [plainHistogram(buckets, { map: 'fine', kind: 'percentiles' })],
    });
    const shown = await bars(panel);
    expect(shown[0]).toEqual(['0', '19', (slots[0]?.count ?? 0) + (slots[1]?.count ?? 0)]);
    expect(shown.at(-1)).toEqual(['1000', '18446744073709551615', 4]);
    expect(await panel.page.textContent('[data-stat=max] dd')).toBe('≥ 1 ms');
    await panel.picture('histogram-narrow');
    expect(await panel.accessibilityViolations()).toEqual([]);
    await panel.close();
  });

  for (const theme of THEMES) {
    it(`has nothing axe-core objects to, and its picture taken (${theme})`, async () => {
      const panel = await harness.open('histogram', theme);
      await panel.send({ type: 'noSession', trusted: true });
      expect(await panel.accessibilityViolations()).toEqual([]);
      await play(panel, false);
      await panel.picture(`histogram-${theme}`);
      await panel.page.getByRole('button', { name: 'Table' }).click();
      await panel.page.locator('.bar-chart').focus();
      await panel.page.keyboard.press('Home');
      for (let step = 0; step < 5; step++) await panel.page.keyboard.press('ArrowRight');
      await panel.picture(`histogram-table-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      await panel.page.getByRole('button', { name: 'Table' }).click();
      await play(panel, true);
      await panel.picture(`histogram-keyed-${theme}`);
      await panel.page.getByRole('button', { name: 'Compare' }).click();
      await panel.page.locator('.heatmap').focus();
      for (let step = 0; step < 8; step++) await panel.page.keyboard.press('Shift+ArrowLeft');
      await panel.picture(`histogram-compare-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      expect(panel.problems).toEqual([]);
      await panel.close();
    });
  }
});
