/**
 * Every panel in a real VS Code: ▶ on real programs, with what the real helper sent for them when they ran on a real
 * kernel (test/e2e/recordings). Only the privileged process is not there; from its socket on all is the product, and what
 * pages say is compared with what bpftool and the workload said, digit by digit.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFailed, describe as suite } from 'vitest';
import { workFolder } from '../../scripts/lib/paths.mjs';
import { type LocalVscode, openLocalVscode } from './driver/local-vscode';
import { holdReplay, replayingExtension } from './replay/extension';
import {
  type Counts,
  callStacks,
  diskRequests,
  duration,
  globals,
  latencies,
  percentileUs,
  ringRecords,
  sum,
  totals,
} from './replay/known';
import { COMMANDS, PHASES, SHORTEST_US, SLOW_FROM, writePrograms } from './replay/scenes';

const second = 1000;
/** ▶ on this machine's kernel asks nobody else for a password. The window in the guest shows that way. */
const isRoot = process.getuid?.() === 0;
const describe = isRoot ? suite : suite.skip;
let vscode: LocalVscode;
const extension = path.join(workFolder, `replaying-extension-${process.pid}`);

beforeAll(async () => {
  if (!isRoot) {
    console.error(
      'Panels with recorded streams are left out: as another user than root ▶ would ask for a password.',
    );
    return;
  }
  await replayingExtension(extension);
  vscode = await openLocalVscode({
    extension,
    // The replaying helper loads nothing: this machine's kernel stays as it is.
    env: { BPFW_TARGET: 'local' },
    size: { width: 1360, height: 1100 },
    prepare: writePrograms,
    timeoutMs: 30 * second,
  });
});
afterAll(async () => {
  await vscode?.close();
  await rm(extension, { recursive: true, force: true });
});

/** What a person would look at when it went wrong. */
function tellOnFailure(): void {
  onTestFailed(async ({ task }) => {
    const picture = path.join(workFolder, `panels-failed-${task.id}.png`);
    await vscode.workbench.screenshot(picture);
    console.error([`picture: ${picture}`, ...(await vscode.workbench.notifications())].join('\n'));
  });
}

/** A panel's page once it shows that program's session, loaded since it was last marked as seen. */
function pageOf(panel: string, program: string): Promise<Frame> {
  const shows = (frame: Frame): Promise<boolean> =>
    frame.evaluate(
      wanted =>
        !document.body.classList.contains('seen') &&
        document.querySelector('.toolbar:not([hidden]) h1')?.textContent === wanted,
      program,
    );
  return Promise.race([vscode.workbench.webview(panel, shows), vscode.workbench.failed()]);
}

/** Does what makes VS Code load a page anew, and resolves with the new one. */
async function reloaded(
  page: Frame,
  panel: string,
  program: string,
  how: () => Promise<void>,
): Promise<Frame> {
  await page.evaluate(() => document.body.classList.add('seen'));
  await how();
  return pageOf(panel, program);
}

/** As pageOf, once the page has what the selector finds. VS Code may put another page in its place until then. */
async function pageWith(panel: string, program: string, selector: string): Promise<Frame> {
  for (;;) {
    const page = await pageOf(panel, program);
    try {
      await page.locator(selector).waitFor();
      return page;
    } catch (error) {
      if (!page.isDetached()) throw error;
    }
  }
}

/** Opens a program, presses ▶ and resolves with the panel's page. */
async function attach(program: string, panel: string): Promise<Frame> {
  await vscode.workbench.openFile(`${program}.bpf.c`);
  await vscode.workbench.clickTitleButton('Compile and Attach');
  return pageOf(panel, program);
}

/** Writes what a page offers by its button, and resolves with the file's text. */
async function exported(page: Frame, kind: string, format: string, file: string): Promise<string> {
  const { workbench, workspace } = vscode;
  await page.getByRole('button', { name: 'Export…' }).click();
  await workbench.quickInput.waitFor('What is to be written?');
  await workbench.quickInput.pick(new RegExp(`^${kind.replace(/[()]/g, '\\$&')}`));
  await workbench.quickInput.waitFor(`Export ${format}`);
  await workbench.quickInput.accept();
  const target = path.join(workspace, file);
  await expect.poll(() => readFile(target, 'utf8').catch(() => ''), { timeout: 30 * second }).not.toBe('');
  return readFile(target, 'utf8');
}

describe('parameters', () => {
  it('are asked for in a form that says in place what is wrong, and go to the program', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await workbench.openFile('readlat.bpf.c');
    await workbench.clickTitleButton('Attach with Parameters…');
    const form = await Promise.race([workbench.webview('Parameters of readlat'), workbench.failed()]);
    const shortest = form.getByRole('textbox', { name: 'Shortest call in the histogram (µs)' });
    const problem = form.locator('[data-parameter=min_us] .problem');
    await shortest.fill('a while');
    await expect.poll(() => problem.textContent()).toMatch(/^min_us cannot be 'a while': /);
    await shortest.fill('60000001');
    await expect
      .poll(() => problem.textContent())
      .toBe("min_us cannot be '60000001': it must be between 0 and 60000000 (us).");
    await shortest.fill(String(SHORTEST_US));
    await expect.poll(() => problem.textContent()).toBe('');
    // The replaying helper refuses other values than it was recorded with.
    await shortest.press('Enter');
    await pageOf('Histogram', 'readlat');
    await workbench.tab('Attach readlat').waitFor({ state: 'detached' });
  });
});

/** Cells of the rows in view by their column, top to bottom. */
function rowsIn(page: Frame): Promise<Record<string, string>[]> {
  return page.evaluate(() => {
    const columns = [...document.querySelectorAll('[role=columnheader]')].map(
      head => head.getAttribute('data-column') ?? '',
    );
    return [...document.querySelectorAll<HTMLElement>('.grid-body .grid-row:not([hidden])')]
      .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
      .map(row =>
        row.classList.contains('lost')
          ? { lost: row.textContent ?? '' }
          : Object.fromEntries(
              [...row.children].map((cell, at) => [columns[at] ?? '', cell.textContent ?? '']),
            ),
      );
  });
}

/** Rows listed, those out of view included. */
const rowCount = async (page: Frame): Promise<number> =>
  Number(await page.locator('.grid').getAttribute('aria-rowcount')) - 1;

describe('the Histogram panel', () => {
  let page: Frame;
  const end = PHASES - 1;

  async function bars(): Promise<Counts> {
    const rows = await page.$$eval('.numbers table[data-map] tbody tr', found =>
      found.map(row => [row.getAttribute('data-min') ?? '', Number(row.getAttribute('data-count'))] as const),
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
    tellOnFailure();
    await vscode.workbench.runCommand('View: Toggle Maximized Panel');
    page = await pageOf('Histogram', 'readlat');
    await expect
      .poll(() => page.locator('.time-table tbody tr').count(), { timeout: 60 * second })
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
    tellOnFailure();
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

  it('says bounds, shares and percentiles of one key, empty slots included', async () => {
    tellOnFailure();
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
    tellOnFailure();
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
    tellOnFailure();
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
    tellOnFailure();
    const { workbench } = vscode;
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
        await workbench.runCommand('BPF: Show Histogram');
      },
    ]) {
      page = await reloaded(page, 'Histogram', 'readlat', how);
      await expect.poll(shown).toEqual(before);
    }
  });

  it('writes the buckets to a file, by its button', async () => {
    tellOnFailure();
    await page.locator('.heatmap').press('Escape');
    const text = await exported(page, 'Buckets (CSV)', 'CSV', 'readlat-histograms.csv');
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

describe('the Maps panel', () => {
  it('shows a table with change and rate of each reading, and writes it', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    // From the beginning, with the values of before: ▶ remembers them.
    await workbench.runCommand('View: Toggle Maximized Panel');
    await attach('readlat', 'Histogram');
    await workbench.runCommand('BPF: Show Maps');
    // Every phase has the same reads; the second reading is the first that has something to compare with.
    const perPhase = { reads: totals('ledger', 1).reads - totals('ledger', 0).reads };
    const changed = `.grid-row[data-key=ledger] [data-column="change.reads"][data-value="${perPhase.reads}"]`;
    const page = await pageWith('Maps', 'readlat', changed);
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
      await exported(page, 'Entries (CSV)', 'CSV', 'readlat-Reads by command.csv')
    )
      .trimEnd()
      .split('\n');
    expect(others).toEqual([]);
    const cells = Object.fromEntries(head.split(',').map((name, at) => [name, line.split(',')[at]]));
    expect([cells.reads, cells.bytes, cells.slowest].map(Number)).toEqual([reads, bytes, slowest]);
  });
});

describe('the Events panel', () => {
  it('formats every column by its meaning', async () => {
    tellOnFailure();
    const page = await attach('disksnoop', 'Events');
    await vscode.workbench.runCommand('View: Toggle Maximized Panel');
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
    const text = await exported(page, 'Rows (CSV)', 'CSV', 'disksnoop-events.csv');
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
    tellOnFailure();
    await holdReplay(extension, { trace_perf_output: 1 });
    await vscode.workbench.runCommand('View: Toggle Maximized Panel');
    await vscode.workbench.openFile('trace_perf_output.bpf.c');
    await vscode.workbench.clickTitleButton('Attach with Parameters…');
    const form = await vscode.workbench.webview('Parameters of trace_perf_output');
    await form.getByRole('combobox', { name: 'Events from' }).click();
    await form.getByRole('option', { name: 'getpid_call' }).click();
    await form.getByRole('button', { name: 'Attach' }).click();
    const page = await pageOf('Events', 'trace_perf_output');
    const [first, overrun, last] = [0, 1, 2].map(phase => globals('trace_perf_output', phase));
    if (!first || !overrun || !last) throw new Error('three phases were recorded');
    await expect.poll(() => rowCount(page)).toBe(first.events_total);
    await page.getByRole('button', { name: 'Pause' }).click();
    await holdReplay(extension, {});
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

describe('the Stacks panel', () => {
  it('has every stack by name, with the functions by their weight', async () => {
    tellOnFailure();
    const page = await attach('stacksnoop', 'Stacks');
    const stacks = callStacks();
    const calls = stacks.reduce((total, stack) => total + stack.calls, 0);
    const through = (name: string) =>
      stacks.filter(({ names }) => names.includes(name)).reduce((total, stack) => total + stack.calls, 0);
    const names = [...new Set(stacks.flatMap(stack => stack.names))];
    const shown = () =>
      page.$$eval('.functions tbody tr', rows =>
        Object.fromEntries(
          rows.map(row => [
            row.getAttribute('data-function') ?? '',
            [Number(row.getAttribute('data-self')), Number(row.getAttribute('data-total'))],
          ]),
        ),
      );
    await expect
      .poll(shown)
      .toEqual(
        Object.fromEntries(
          names.map(name => [`${name}_[k]`, [name === 'kernel_clone' ? calls : 0, through(name)]]),
        ),
      );
    const folded = await exported(page, 'Folded Stacks', 'Folded stacks', 'stacksnoop.folded');
    expect(folded.trimEnd().split('\n').sort()).toEqual(
      stacks
        .map(
          stack =>
            `${[...stack.names]
              .reverse()
              .map(name => `${name}_[k]`)
              .join(';')} ${stack.calls}`,
        )
        .sort(),
    );
  });
});

describe('the Sessions view', () => {
  it('has a row per session, and the program a line over each section', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await workbench.showView('Sessions');
    const lost = globals('trace_perf_output', -1).events_dropped;
    const own = workbench.treeRow(/trace_perf_output/).first();
    await own.waitFor();
    await expect.poll(() => own.textContent()).toContain(`${lost} lost`);
    await workbench.openFile('trace_perf_output.bpf.c');
    const lenses = () => workbench.page.locator('.codelens-decoration').allTextContents();
    await expect
      .poll(async () => (await lenses()).join('\n'))
      .toMatch(
        new RegExp(`tracepoint/syscalls/sys_enter_getpid · \\d+ events/s · ${lost} lost · this kernel`),
      );
  });
});

describe('a panel that is moved', () => {
  it('shows what it showed', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await workbench.runCommand('BPF: Show Events');
    let page = await pageOf('Events', 'stacksnoop');
    const before = ringRecords('stacksnoop').length;
    await expect.poll(() => rowCount(page)).toBe(before);
    const [newest] = (await rowsIn(page)).slice(-1);
    // Kernel addresses by name.
    expect(Object.values(newest ?? {}).join(' ')).toContain('kernel_clone');
    for (const move of ['View: Move Panel Right', 'View: Move Panel To Bottom']) {
      page = await reloaded(page, 'Events', 'stacksnoop', async () => {
        await workbench.runCommand(move);
        // VS Code draws the views of a panel that was moved once it is shown the next time.
        await workbench.runCommand('View: Toggle Panel Visibility');
        await workbench.runCommand('BPF: Show Events');
      });
      await expect.poll(() => rowCount(page)).toBe(before);
    }
  });
});
