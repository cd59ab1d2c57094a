import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MapEntry } from '../../src/shared/decode/model';
import { readObject } from '../../src/shared/object/object';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { clangs, compileFixture } from '../unit/object/compile-fixture';
import { type Panel, PanelHarness, THEMES } from './harness';
import { entriesMessage } from './messages';
import { SESSION, START_MS, sequence, sessionMessage } from './recorded-histograms';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['maps']);
});
afterAll(() => harness?.stop());

const [clang] = clangs;
if (!clang) throw new Error('no clang');
const object = readObject(compileFixture(clang, 'panel-maps'), 'panel_maps');

function session(): ToWebview {
  const message = sessionMessage('dddos');
  return message.type === 'session' ? { ...message, maps: object.maps } : message;
}
function entries(second: number, count = 60): MapEntry[] {
  const random = sequence(3);
  return Array.from({ length: count }, (_, index) => {
    const perSecond = Math.round(random() ** 6 * 4000);
    return {
      key: { saddr: 0x0a000001 + index, dport: 443 + (index % 3) },
      value: {
        packets: 10 + perSecond * second,
        bytes: 640 + perSecond * second * 64,
        last: 10_000_000_000 + second * 1_000_000_000,
        comm: index === 3 ? '<b>x</b>' : 'nginx',
      },
    };
  });
}
/** Of the entry that is first in the table: it has the most packets, in each reading. */
const BUSIEST = entries(1).reduce(
  (best, entry, index, all) =>
    Number(entry.value.packets) > Number(all[best]?.value.packets) ? index : best,
  0,
);
const busiest = (second: number): MapEntry => {
  const entry = entries(second)[BUSIEST];
  if (!entry) throw new Error('there are entries');
  return entry;
};
const keyOf = ({ key }: MapEntry) => `${key.saddr},${key.dport}`;

function reading(second: number, count?: number): ToWebview[] {
  const global = object.globals.find(candidate => candidate.name === 'missed');
  return [
    entriesMessage('peers', entries(second, count), START_MS + second * 1000),
    entriesMessage(
      'totals',
      [{ key: { value: 0 }, value: { value: 12 * second } }],
      START_MS + second * 1000,
    ),
    {
      type: 'globals',
      sessionId: SESSION,
      globals: global
        ? [{ name: 'missed', section: global.section, layout: global.layout, value: { value: 5 * second } }]
        : [],
      atMs: START_MS + second * 1000,
    },
  ];
}
async function row(panel: Panel, key: string): Promise<Record<string, string>> {
  return panel.page.$$eval(`.grid-body .grid-row[data-key="${key}"] [data-column]`, cells =>
    Object.fromEntries(cells.map(cell => [cell.getAttribute('data-column') ?? '', cell.textContent ?? ''])),
  );
}

describe('maps page', () => {
  it('shows the program’s own table although its globals came first', async () => {
    const panel = await harness.open('maps');
    const [peers, totals, globals] = reading(1);
    if (!peers || !totals || !globals) throw new Error('a reading has three parts');
    await panel.send(session(), globals);
    expect(await panel.page.textContent('.map-names [aria-selected="true"]')).toContain('Global variables');
    await panel.send(peers, totals);
    expect(await panel.page.getAttribute('.map-names [aria-selected="true"]', 'data-map')).toBe('peers');
  });

  it('lists the program’s internal maps last, and labels them', async () => {
    const panel = await harness.open('maps');
    const start = entriesMessage('start', [{ key: { value: 42 }, value: { value: 1_500_000_000 } }]);
    await panel.send(session(), start, ...reading(1));
    const names = await panel.page.$$eval('.map-names [role="option"]', options =>
      options.map(option => option.getAttribute('data-map')),
    );
    expect(names.at(0)).toBe('peers');
    expect(names.at(-1)).toBe('start');
    expect(await panel.page.getAttribute('.map-names [aria-selected="true"]', 'data-map')).toBe('peers');
    await panel.page.click('.map-names [data-map="start"]');
    expect(await panel.page.textContent('.muted[role="status"]')).toBe(
      "1 entry · the program's own bookkeeping",
    );
    // By its types: a thread, a time.
    expect(await row(panel, '42')).toEqual({ 'key.value': '42', 'value.value': '1.500000' });
  });

  it('shows values by meaning with their change and rate', async () => {
    const panel = await harness.open('maps');
    await panel.send(session());
    expect(await panel.page.textContent('.empty')).toContain('no map has been read');
    await panel.send(...reading(1));
    const first = busiest(1);
    const key = keyOf(first);
    expect(await row(panel, key)).toMatchObject({
      'key.saddr': `10.0.0.${BUSIEST + 1}`,
      'change.packets': '',
      'rate.packets': '',
    });
    await panel.send(...reading(3));
    const grown = Number(busiest(3).value.packets) - Number(first.value.packets);
    expect((await row(panel, key))['change.packets']).toBe(`+${grown}`);
    const rates = await panel.page.$$eval('.grid-body [data-column="rate.packets"]', cells =>
      cells.map(cell => Number(cell.getAttribute('data-value'))),
    );
    expect(rates[0]).toBe(grown / 2);
    expect(await panel.page.locator('.grid b').count()).toBe(0);
    await panel.page.locator('.map-names').focus();
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('ArrowDown');
    expect(await row(panel, 'missed')).toMatchObject({
      'value.value': '15',
      'change.value': '+10',
      'rate.value': '5/s',
    });
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('sorts the largest first until the user chooses, arrays by their index, and keeps the chosen row', async () => {
    const panel = await harness.open('maps');
    await panel.send(session(), ...reading(1), ...reading(2));
    const packets = '[role=columnheader][data-column="value.packets"]';
    const shown = () =>
      panel.page.$$eval('.grid-body .grid-row:not([hidden]) [data-column="value.packets"]', cells =>
        cells.map(cell => Number(cell.getAttribute('data-value'))),
      );
    const descending = await shown();
    expect(descending).toEqual([...descending].sort((a, b) => b - a));
    expect(descending[0]).toBe(busiest(2).value.packets);
    expect(await panel.page.getAttribute(packets, 'aria-sort')).toBe('descending');
    await panel.page.locator('.grid').focus();
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.locator(`${packets} button`).click();
    expect(await panel.page.getAttribute(packets, 'aria-sort')).toBe('ascending');
    const last = `entry-${entries(2).length - 1}`;
    expect(await panel.page.getAttribute('.grid', 'aria-activedescendant')).toBe(last);
    await panel.page.locator(`${packets} button`).click();
    expect(await shown()).toEqual(descending);
    await panel.page.locator('.map-names').focus();
    await panel.page.keyboard.press('ArrowDown');
    expect(await panel.page.textContent('.toolbar [role=status].muted')).toBe('1 entry');
    expect(await panel.page.locator('[role=columnheader][aria-sort=descending]').count()).toBe(0);
    await panel.close();
  });

  it('sorts, searches and exports', async () => {
    const panel = await harness.open('maps');
    await panel.send(session(), ...reading(1), ...reading(2));
    await panel.page.locator('[role=columnheader][data-column="rate.packets"] button').click();
    const rates = await panel.page.$$eval(
      '.grid-body .grid-row:not([hidden]) [data-column="rate.packets"]',
      cells => cells.map(cell => Number(cell.getAttribute('data-value'))),
    );
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    await panel.page.locator('vscode-text-field input').fill('<b>');
    await panel.page.waitForFunction(
      () => document.querySelector('.toolbar [role=status].muted')?.textContent === '1 of 60 entries',
    );
    expect((await panel.exported('csv')).text).toContain('<b>x</b>');
    await panel.close();
  });

  it('holds still while paused, also when loaded anew, and can be sorted meanwhile', async () => {
    const panel = await harness.open('maps');
    const pause = panel.page.getByRole('button', { name: 'Pause' });
    const key = keyOf(busiest(1));
    const packets = (second: number) => Number(busiest(second).value.packets);
    const cells = () => row(panel, key);
    await panel.send(session(), ...reading(1), ...reading(2));
    const before = await cells();
    expect(before['value.packets']).toBe(String(packets(2)));
    expect(before['change.packets']).toBe(`+${packets(2) - packets(1)}`);
    await pause.click();
    await panel.send(...reading(3));
    expect(await cells()).toEqual(before);
    await panel.page.locator('[role=columnheader][data-column="value.bytes"] button').click();
    const sorted = await panel.page.$$eval(
      '.grid-body .grid-row:not([hidden]) [data-column="value.bytes"]',
      found => found.map(cell => Number(cell.getAttribute('data-value'))),
    );
    expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    expect(sorted[0]).toBe(Math.max(...entries(2).map(({ value }) => Number(value.bytes))));

    await panel.reload();
    await panel.send(session(), ...reading(4));
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    expect(await panel.page.getAttribute('[data-column="value.bytes"]', 'aria-sort')).toBe('descending');
    await panel.page.getByRole('textbox', { name: 'Search entries' }).fill(before['key.saddr'] ?? '');
    await expect.poll(cells).toEqual(before);
    await pause.click();
    await expect.poll(async () => (await cells())['value.packets']).toBe(String(packets(4)));
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('is not paused for another session', async () => {
    const panel = await harness.open('maps');
    await panel.send(session(), ...reading(1));
    await panel.page.getByRole('button', { name: 'Pause' }).click();
    await panel.reload();
    const other = session();
    if (other.type !== 'session') throw new Error('a session');
    // Another window counts its sessions from one again.
    await panel.send(
      { ...other, session: { ...other.session, startedAtMs: START_MS + 1 } },
      ...reading(1),
      ...reading(2),
    );
    expect(await panel.page.getByRole('button', { name: 'Pause' }).getAttribute('aria-pressed')).toBe(
      'false',
    );
    expect(
      await panel.page.getAttribute('.grid-row[data-index="0"] [data-column="value.packets"]', 'data-value'),
    ).toBe(String(busiest(2).value.packets));
    await panel.close();
  });

  for (const theme of THEMES) {
    it(`has nothing axe-core objects to, and its picture taken (${theme})`, async () => {
      const panel = await harness.open('maps', theme);
      await panel.send(session(), ...reading(1), ...reading(2));
      await panel.page.locator('[role=columnheader][data-column="rate.bytes"] button').click();
      await panel.page.locator('.grid').focus();
      await panel.page.keyboard.press('ArrowDown');
      await panel.page.keyboard.press('ArrowDown');
      await panel.picture(`maps-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      expect(panel.problems).toEqual([]);
      await panel.close();
    });
  }
});
