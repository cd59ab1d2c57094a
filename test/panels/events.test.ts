import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatValue } from '../../src/shared/decode/format';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { plainField, ringSpanOf } from '../unit/plain-field';
import { type Panel, PanelHarness, THEMES } from './harness';
import { openMillionRows } from './load';
import { spanMessage } from './messages';
import { diskSession, diskStream, recordSpans } from './recorded-events';
import { SESSION, START_MS, sessionMessage } from './recorded-histograms';

let harness: PanelHarness;
const stream = diskStream();
beforeAll(async () => {
  harness = await PanelHarness.start(['events']);
});
afterAll(() => harness?.stop());

const session = (): ToWebview => diskSession(stream);

function spanMessages(
  count: number,
  perSpan: number,
  lostBefore: ReadonlyMap<number, number> = new Map(),
): { readonly messages: ToWebview[]; readonly events: ReturnType<typeof recordSpans>[number]['events'] } {
  const spans = recordSpans(stream.record, count, perSpan);
  return {
    messages: spans.map(({ bytes }, index) =>
      spanMessage(bytes, { lost: lostBefore.get(index) ?? 0, atMs: START_MS + index * 1000 }),
    ),
    events: spans.flatMap(span => span.events),
  };
}

async function cells(panel: Panel, row: number): Promise<Record<string, string>> {
  return panel.page.evaluate(number => {
    const names = [...document.querySelectorAll('[role=columnheader]')].map(
      header => header.getAttribute('data-column') ?? '',
    );
    const texts = [...(document.querySelector(`#row-${number}`)?.children ?? [])].map(
      cell => cell.textContent ?? '',
    );
    return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
  }, row);
}

/** Row numbers in view, top to bottom. */
async function visibleRows(panel: Panel): Promise<number[]> {
  return panel.page.$$eval('.grid-body .grid-row', rows =>
    rows
      .filter(row => !(row as HTMLElement).hidden)
      .sort((a, b) => Number((a as HTMLElement).dataset.index) - Number((b as HTMLElement).dataset.index))
      .map(row => Number((row as HTMLElement).dataset.row)),
  );
}

describe('events page', () => {
  it('reports why a column has a unit, and overrules that with one click', async () => {
    const panel = await harness.open('events');
    const unit = {
      size: 8,
      meaning: 'duration-ns',
      unit: 'ns',
      byName: 'unit',
      why: 'its name, delta_ns, and its type (u64)',
    } as const;
    const show = async (part: Partial<typeof unit | { byName: 'overruled'; meaning: 'plain'; unit: '' }>) => {
      const field = { ...plainField('delta_ns'), ...unit, ...part };
      await panel.send({
        ...session(),
        streams: [
          {
            stream: 'events',
            label: 'events',
            content: 'ring',
            record: { typeName: 'struct e', size: 8, fields: [field] },
          },
        ],
        fresh: true,
      } as ToWebview);
      await panel.send({
        type: 'span',
        sessionId: SESSION,
        stream: 'events',
        bytes: ringSpanOf([1_500_000]).buffer,
        lost: 0,
        atMs: START_MS,
      });
    };
    await show({});
    const button = panel.page.getByRole('button', { name: 'Unit of delta_ns' });
    expect(await button.getAttribute('title')).toBe(
      'Shown in ns because of its name, delta_ns, and its type (u64). Click to show plain numbers.',
    );
    await expect.poll(async () => (await cells(panel, 0)).delta_ns).toBe('1.50 ms');
    await button.click();
    await show({ byName: 'overruled', meaning: 'plain', unit: '' });
    await expect.poll(async () => (await cells(panel, 0)).delta_ns).toBe('1500000');
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await button.click();
    expect(await panel.page.evaluate(() => window.fromPage.filter(({ type }) => type === 'showAs'))).toEqual([
      { type: 'showAs', of: 'field events delta_ns', value: 'plain' },
      { type: 'showAs', of: 'field events delta_ns', value: null },
    ]);
  });

  it('has a column per field, formatted by meaning, hostile text as text', async () => {
    const panel = await harness.open('events');
    const { messages, events } = spanMessages(40, 40);
    await panel.send(session());
    expect(await panel.page.textContent('.empty')).toContain('no event yet');
    await panel.send(...messages);
    const headers = await panel.page.$$eval('[role=columnheader]', found =>
      found.map(header => header.getAttribute('data-column')),
    );
    expect(headers).toEqual([
      'ts',
      'dev',
      'op',
      'sector',
      'bytes',
      'latency',
      'error',
      'pid',
      'origin',
      'comm',
    ]);
    const event = events[39];
    const shown = await cells(panel, 39);
    const field = (name: string) =>
      stream.record.fields.find(candidate => candidate.name === name) ?? stream.record.fields[0];
    const latency = field('latency');
    expect(shown.latency).toBe(latency && formatValue(Number(event?.latency), latency));
    expect(shown.op).toBe('io_write');
    expect(shown.dev).toBe('252:0');
    expect(shown.comm).toBe(event?.comm);
    expect(await panel.page.locator('img').count()).toBe(0);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('follows until the user scrolls, and marks where records were lost', async () => {
    const panel = await harness.open('events');
    const { messages } = spanMessages(300, 100, new Map([[1, 17]]));
    await panel.send(session(), ...messages.slice(0, 2));
    expect((await visibleRows(panel)).at(-1)).toBe(200);
    const follow = panel.page.getByRole('button', { name: 'Follow' });
    expect(await follow.getAttribute('aria-pressed')).toBe('true');
    await panel.page.locator('.grid').focus();
    await panel.page.keyboard.press('Home');
    expect(await follow.getAttribute('aria-pressed')).toBe('false');
    await panel.send(...messages.slice(2));
    expect((await visibleRows(panel))[0]).toBe(0);
    for (let page = 0; page < 20 && !(await panel.page.locator('.grid-row.lost').isVisible()); page++)
      await panel.page.keyboard.press('PageDown');
    expect(await panel.page.textContent('.grid-row.lost')).toContain('17 records lost here');
    await panel.page.keyboard.press('End');
    expect(await follow.getAttribute('aria-pressed')).toBe('true');
    expect((await visibleRows(panel)).at(-1)).toBe(300);
    await panel.close();
  });

  it('filters by the expression, completes columns, explains mistakes', async () => {
    const panel = await harness.open('events');
    const { messages, events } = spanMessages(5000, 500);
    await panel.send(session(), ...messages);
    const box = panel.page.getByRole('combobox', { name: 'Filter' });
    await box.fill('lat');
    expect(await panel.page.locator('#filter-list [role=option]').first().textContent()).toContain('latency');
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('Enter');
    expect(await box.inputValue()).toBe('latency ');
    await box.fill('latency > 1ms && comm == "dd"');
    const wanted = events.filter(event => event.latency > 1_000_000n && event.comm === 'dd').length;
    await panel.page.waitForFunction(
      text => document.querySelector('.strip [role=status]')?.textContent?.startsWith(text),
      `${wanted} of 5,000`,
    );
    expect(await panel.page.getAttribute('.grid', 'aria-rowcount')).toBe(String(wanted + 1));
    await box.fill('latency > 1ms && nothing == 2');
    expect(await panel.page.textContent('.filter-problem')).toContain('there is no column nothing');
    await box.fill('error == EIO');
    const failed = events.filter(event => event.error === -5).length;
    await panel.page.waitForFunction(
      text => document.querySelector('.strip [role=status]')?.textContent?.startsWith(text),
      `${failed} of 5,000`,
    );
    await panel.close();
  });

  it('sorts by a column and copies rows', async () => {
    const panel = await harness.open('events');
    const { messages, events } = spanMessages(9000, 1000);
    await panel.send(session(), ...messages);
    await panel.page.locator('[data-column=latency] button').click();
    await panel.page.waitForFunction(() =>
      document.querySelector('.strip [role=status]')?.textContent?.includes('sorted'),
    );
    const order = events
      .map((event, index) => ({ latency: Number(event.latency), index }))
      .sort((a, b) => b.latency - a.latency || a.index - b.index);
    await panel.page.locator('.grid').focus();
    await panel.page.keyboard.press('Home');
    expect((await visibleRows(panel)).slice(0, 5)).toEqual(order.slice(0, 5).map(({ index }) => index));
    expect(await panel.page.getAttribute('[data-column=latency]', 'aria-sort')).toBe('descending');
    await panel.page.keyboard.press('Shift+ArrowDown');
    await panel.page.keyboard.press('Control+c');
    const { text } = await panel.said('copy');
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    await panel.page.keyboard.press('Enter');
    expect(await panel.page.textContent('.detail [data-field=cookie]')).toBe('0');
    await panel.close();
  });

  it('evicts the oldest and reports it', async () => {
    const panel = await harness.open('events');
    const { messages } = spanMessages(40_000, 2000);
    const start = session();
    await panel.send(start.type === 'session' ? { ...start, eventBytesLimit: 2 << 20 } : start, ...messages);
    expect(await panel.page.textContent('.strip [role=status]')).toMatch(
      /oldest [\d,]+ dropped \(limit 2 MiB\)/,
    );
    expect((await visibleRows(panel)).at(-1)).toBe(39_999);
    await panel.close();
  });

  it('scrolls a million rows', async () => {
    const panel = await openMillionRows(harness);
    await panel.page.locator('.grid').focus();
    await panel.page.keyboard.press('Home');
    await panel.page.keyboard.press('End');
    expect((await visibleRows(panel)).at(-1)).toBe(999_999);
    await panel.page.keyboard.press('PageUp');
    await panel.page.keyboard.press('Home');
    expect((await visibleRows(panel))[0]).toBe(0);
    // The wheel moves by rows although the scroll bar is scaled.
    await panel.page.locator('.grid').hover();
    await panel.page.mouse.wheel(0, 220);
    await panel.page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLElement>('.grid-body .grid-row')].some(
        row => !row.hidden && row.dataset.row === '10',
      ),
    );
    expect((await visibleRows(panel))[0]).toBeGreaterThanOrEqual(5);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('is paused where it was when it is loaded anew, at the same row, with its details', async () => {
    const panel = await harness.open('events');
    const { messages } = spanMessages(400, 100, new Map([[2, 5]]));
    const status = () => panel.page.textContent('.strip [role=status]');
    await panel.send(session(), ...messages.slice(0, 2));
    await panel.page.getByRole('button', { name: 'Pause' }).click();
    await panel.page.locator('.grid').focus();
    for (const key of ['End', 'PageUp', 'PageUp', 'Shift+ArrowUp', 'Enter'])
      await panel.page.keyboard.press(key);
    await panel.send(...messages.slice(2, 3));
    const shown = async () => ({
      rows: await visibleRows(panel),
      active: await panel.page.getAttribute('.grid', 'aria-activedescendant'),
      selected: await panel.page.locator('.grid-row[aria-selected=true]').count(),
      detail: await panel.page.textContent('.detail h2'),
      paused: await panel.page.getByRole('button', { name: 'Pause' }).getAttribute('aria-pressed'),
    });
    expect(await status()).toBe('200 rows · 5 lost · paused');
    const before = await shown();
    expect(before.selected).toBe(2);
    const saved = () =>
      panel.page.evaluate(() => (window.savedState as { place?: { active: number } }).place?.active);
    await expect.poll(saved).toBe(Number(before.active?.replace('row-', '')));

    await panel.reload();
    await panel.send(
      session(),
      ...messages.slice(0, 3),
      { type: 'hydrated', sessionId: SESSION },
      ...messages.slice(3),
    );
    expect(await status()).toBe('200 rows · 5 lost · paused');
    expect(await shown()).toEqual(before);
    expect(await panel.page.getByRole('button', { name: '201 newer' }).isVisible()).toBe(true);

    // Of the rows that were held, half were let go meanwhile.
    await panel.reload();
    await panel.send(
      session(),
      { type: 'evicted', sessionId: SESSION, stream: 'events', records: 100 },
      ...messages.slice(1, 4),
      { type: 'hydrated', sessionId: SESSION },
    );
    expect(await status()).toMatch(/^100 rows · oldest 100 dropped .* · 5 lost · paused$/);
    expect((await shown()).active).toBe(before.active);
    await panel.page.getByRole('button', { name: '201 newer' }).click();
    await expect.poll(status).toMatch(/^301 rows/);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('is sorted and filtered as it was when it is loaded anew', async () => {
    const panel = await harness.open('events');
    const { messages, events } = spanMessages(9000, 1000);
    await panel.send(session(), ...messages);
    await panel.page.getByRole('combobox', { name: 'Filter' }).fill('comm == "dd"');
    await panel.page.locator('[data-column=latency] button').click();
    const order = events
      .map((event, index) => ({ ...event, index }))
      .filter(({ comm }) => comm === 'dd')
      .sort((a, b) => Number(b.latency - a.latency) || a.index - b.index)
      .map(({ index }) => index);
    const status = () => panel.page.textContent('.strip [role=status]');
    const expected = `${order.length.toLocaleString('en-US')} of 9,000 rows · sorted`;
    await expect.poll(status).toBe(expected);
    await panel.reload();
    await panel.send(session(), ...messages, { type: 'hydrated', sessionId: SESSION });
    await expect.poll(status).toBe(expected);
    expect(await panel.page.getAttribute('[data-column=latency]', 'aria-sort')).toBe('descending');
    await expect.poll(async () => (await visibleRows(panel)).slice(0, 5)).toEqual(order.slice(0, 5));
    await panel.close();
  });

  it('shows as many bytes as the record declares, and dumps them beside', async () => {
    const data = plainField('data', {
      offset: 8,
      size: 64,
      storage: 'bytes',
      meaning: 'hexdump',
      length: { name: 'captured', offset: 0, storage: 'u32' },
    });
    const captured = plainField('captured', { storage: 'u32', size: 4, meaning: 'bytes', unit: 'bytes' });
    const record = { typeName: 'struct event', size: 72, fields: [captured, data] };
    const texts = ['hi', 'GET /path?q=1 HTTP/1.1\r\n', ''];
    const bytes = new Uint8Array(texts.length * 80);
    texts.forEach((text, index) => {
      const view = new DataView(bytes.buffer, index * 80);
      view.setUint32(0, record.size, true);
      view.setUint32(8, text.length, true);
      bytes.set(new TextEncoder().encode(text), index * 80 + 16);
    });
    const panel = await harness.open('events');
    await panel.send(
      diskSession({ stream: 'events', label: 'Reads', content: 'ring', record }, 'undump'),
      spanMessage(bytes.buffer),
    );
    expect(await cells(panel, 0)).toEqual({ captured: '2 B', data: '68 69' });
    expect((await cells(panel, 1)).data).toBe(
      [...(texts[1] ?? '')].map(letter => letter.charCodeAt(0).toString(16).padStart(2, '0')).join(' '),
    );
    expect(await cells(panel, 2)).toEqual({ captured: '0 B', data: '' });
    await panel.page.locator('#row-1').dblclick();
    expect(await panel.page.textContent('.detail [data-field=data]')).toBe('24 bytes');
    expect(await panel.page.textContent('.detail .dump')).toBe(
      [
        '0000  47 45 54 20 2f 70 61 74  GET /pat',
        '0008  68 3f 71 3d 31 20 48 54  h?q=1 HT',
        '0010  54 50 2f 31 2e 31 0d 0a  TP/1.1..',
      ].join('\n'),
    );
    await panel.picture('events-dump');
    expect(await panel.accessibilityViolations()).toEqual([]);
    await panel.close();
  });

  it('shows printk lines by their parts', async () => {
    const panel = await harness.open('events');
    const message = sessionMessage('hello_world');
    const lines =
      '            bash-2411    [001] d..31  812.345678: bpf_trace_printk: Hello, World!\n  <...>-77 [000] d..31 812.400000: bpf_trace_printk: \u001b[31mred\u001b[0m\nsomething else\n';
    await panel.send(
      message.type === 'session'
        ? {
            ...message,
            streams: [{ stream: 'printk', label: 'bpf_printk', content: 'printk', record: null }],
          }
        : message,
      spanMessage(new TextEncoder().encode(lines).buffer, { stream: 'printk' }),
    );
    expect(await cells(panel, 0)).toEqual({
      task: 'bash',
      pid: '2411',
      cpu: '1',
      time: '812.345678',
      message: 'Hello, World!',
    });
    expect((await cells(panel, 1)).message).toBe('\\e[31mred\\e[0m');
    expect((await cells(panel, 2)).message).toBe('something else');
    await panel.close();
  });

  for (const theme of THEMES) {
    it(`has nothing axe-core objects to, and its picture taken (${theme})`, async () => {
      const panel = await harness.open('events', theme);
      await panel.send({ type: 'noSession', trusted: false });
      await panel.picture(`events-restricted-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      const { messages } = spanMessages(
        20_000,
        200,
        new Map([
          [99, 1204],
          [60, 3],
        ]),
      );
      await panel.send(
        session(),
        ...messages.map((message, index) =>
          message.type === 'span'
            ? { ...message, bytes: index % 9 === 4 ? message.bytes.slice(0, 88 * 60) : message.bytes }
            : message,
        ),
      );
      await panel.send({ type: 'drops', sessionId: SESSION, drops: { kernel: 1207, tracer: 0, client: 0 } });
      await panel.picture(`events-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      await panel.page
        .getByRole('combobox', { name: 'Filter' })
        .fill('latency > 2ms && (comm == "dd" || comm == "postgres")');
      await panel.page.locator('[data-column=latency] button').click();
      await panel.page.waitForFunction(() =>
        document.querySelector('.strip [role=status]')?.textContent?.includes('sorted'),
      );
      await panel.page.locator('.grid').focus();
      await panel.page.keyboard.press('Home');
      await panel.page.keyboard.press('ArrowDown');
      await panel.page.keyboard.press('Shift+ArrowDown');
      await panel.page.keyboard.press('Enter');
      await panel.picture(`events-sorted-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      await panel.page.getByRole('combobox', { name: 'Filter' }).fill('latency > 2ms && ');
      await panel.page.keyboard.press('ArrowDown');
      await panel.picture(`events-filter-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      expect(panel.problems).toEqual([]);
      await panel.close();
    });
  }
});
