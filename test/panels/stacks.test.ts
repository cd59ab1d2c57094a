import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StackSample } from '../../src/shared/protocol/webview';
import { type Panel, PanelHarness, THEMES } from './harness';
import { SESSION, START_MS, sessionMessage } from './recorded-histograms';
import { recordedStacks } from './recorded-stacks';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['stacks']);
});
afterAll(() => harness?.stop());

async function play(panel: Panel, stacks: readonly StackSample[]): Promise<void> {
  await panel.send(sessionMessage('mallocstacks'), {
    type: 'stacks',
    sessionId: SESSION,
    map: 'counts',
    label: 'Allocations',
    unit: 'bytes',
    stacks,
    atMs: START_MS,
  });
}

describe('stacks page', () => {
  it('shows exact weights in the table behind the picture', async () => {
    const panel = await harness.open('stacks');
    await panel.send(sessionMessage());
    expect(await panel.page.textContent('.empty')).toContain('no stack yet');
    const frame = (name: string, kind: 'user' | 'kernel' = 'user') => ({ name, module: '', kind });
    await play(panel, [
      { frames: [frame('main'), frame('<img src=x onerror=alert(1)>')], key: {}, count: 3, value: 50 },
      { frames: [frame('main'), frame('vfs_read', 'kernel')], key: {}, count: 1, value: 950 },
    ]);
    const rows = () =>
      panel.page.$$eval('.functions tbody tr', found =>
        found.map(row => [
          row.getAttribute('data-function'),
          row.getAttribute('data-self'),
          row.getAttribute('data-total'),
        ]),
      );
    expect(await rows()).toEqual([
      ['<img src=x onerror=alert(1)>', '3', '3'],
      ['vfs_read_[k]', '1', '1'],
      ['main', '0', '4'],
    ]);
    expect(await panel.page.locator('img').count()).toBe(0);
    await panel.page.getByRole('button', { name: 'Copy Folded' }).click();
    expect((await panel.said('copy')).text).toBe(
      'main;<img src=x onerror=alert(1)> 3\nmain;vfs_read_[k] 1\n',
    );
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('is walked and zoomed by keyboard, and searched', async () => {
    const panel = await harness.open('stacks');
    await play(panel, recordedStacks());
    await panel.page.locator('.flame').focus();
    for (let step = 0; step < 3; step++) await panel.page.keyboard.press('ArrowDown');
    const name = await panel.page.textContent('.flame .readout strong');
    expect(name).toContain('PostmasterMain');
    await panel.page.keyboard.press('Enter');
    await panel.page.waitForFunction(() =>
      document.querySelector('.flame')?.getAttribute('aria-label')?.includes('zoomed to PostmasterMain'),
    );
    await panel.page.keyboard.press('Escape');
    await panel.page.waitForFunction(() =>
      document.querySelector('.flame')?.getAttribute('aria-label')?.includes('zoomed to main'),
    );
    await panel.page.locator('vscode-text-field input').fill('vfs_read');
    await panel.page.waitForFunction(() =>
      /^[\d.]+ % matched$/.test(document.querySelector('.matched')?.textContent ?? ''),
    );
    const { text } = await panel.exported('svg');
    expect(text).toContain('<svg');
    expect(text).toContain('PostmasterMain');
    await panel.close();
  });

  it('says how many stacks were lost, and what to do', async () => {
    const panel = await harness.open('stacks');
    const stacks: StackSample[] = [
      {
        frames: [{ name: '[stack lost: its place was taken]', module: '', kind: 'kernel' }],
        key: {},
        count: 4,
        value: null,
      },
    ];
    const lost = ['1 stack of counts, counted 4 times, had no place in stacks (max_entries 1).'];
    await panel.send(sessionMessage());
    await panel.send({
      type: 'stacks',
      sessionId: SESSION,
      map: 'counts',
      label: 'counts',
      unit: '',
      stacks,
      lost,
      atMs: START_MS,
    });
    await expect.poll(() => panel.page.textContent('.lost-stacks')).toBe(lost[0]);
    await panel.send({
      type: 'stacks',
      sessionId: SESSION,
      map: 'counts',
      label: 'counts',
      unit: '',
      stacks,
      atMs: START_MS,
    });
    await expect.poll(() => panel.page.isHidden('.lost-stacks')).toBe(true);
  });

  it('holds still while paused, also when loaded anew, and can be zoomed meanwhile', async () => {
    const panel = await harness.open('stacks');
    const pause = panel.page.getByRole('button', { name: 'Pause' });
    const sample = (count: number): StackSample[] => [
      {
        frames: ['main', 'work'].map(name => ({ name, module: '', kind: 'user' })),
        key: { pid: String(2n ** 60n) },
        count,
        value: null,
      },
    ];
    const weight = () => panel.page.getAttribute('.functions tr[data-function="work"]', 'data-self');
    await play(panel, sample(5));
    await pause.click();
    await play(panel, sample(9));
    expect(await weight()).toBe('5');
    await panel.page.locator('.flame').focus();
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('Enter');
    const zoomed = () => panel.page.getAttribute('.flame', 'aria-label');
    await expect.poll(zoomed).toContain('zoomed to work');

    await panel.reload();
    await play(panel, sample(12));
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    expect(await weight()).toBe('5');
    expect(await zoomed()).toContain('zoomed to work');
    await pause.click();
    await expect.poll(weight).toBe('12');
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  for (const theme of THEMES) {
    it(`has nothing axe-core objects to, and its picture taken (${theme})`, async () => {
      const panel = await harness.open('stacks', theme);
      await play(panel, recordedStacks());
      await panel.picture(`stacks-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      await panel.page.getByRole('button', { name: 'Functions' }).click();
      await panel.page.locator('vscode-text-field input').fill('read');
      await panel.page.locator('.flame').focus();
      for (let step = 0; step < 4; step++) await panel.page.keyboard.press('ArrowDown');
      await panel.picture(`stacks-search-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      expect(panel.problems).toEqual([]);
      await panel.close();
    });
  }
});
