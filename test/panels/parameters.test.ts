/** The form that asks for parameters, against a host that holds values and problems as the extension's does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formFields } from '../../src/host/parameters/fields';
import { problemsOf } from '../../src/host/parameters/values';
import { readObject } from '../../src/shared/object/object';
import type { FromParametersPage } from '../../src/shared/protocol/parameters-page';
import { clangs, compileFixture } from '../unit/object/compile-fixture';
import { type Panel, PanelHarness, THEMES, type ThemeName } from './harness';

let harness: PanelHarness;
beforeAll(async () => {
  harness = await PanelHarness.start(['parameters']);
});
afterAll(() => harness?.stop());

const [clang] = clangs;
if (!clang) throw new Error('no clang');
const object = readObject(compileFixture(clang, 'form-parameters'), 'form_parameters');
const defaults = Object.fromEntries(object.parameters.map(({ name, defaultValue }) => [name, defaultValue]));
const words = { target_pid: { help: 'Only calls of this process. 0: every process.' } };

async function opened(theme: ThemeName = 'dark', values: Record<string, string> = defaults): Promise<Panel> {
  const panel = await harness.open('parameters', theme, { width: 720, height: 720 });
  await panel.send({
    type: 'form',
    title: 'readlat',
    target: 'sandbox VM',
    fields: formFields(object, words),
    values,
    problems: problemsOf(object, new Map(Object.entries(values))),
  });
  return panel;
}

const said = (panel: Panel): Promise<FromParametersPage[]> =>
  panel.page.evaluate(() => window.fromPage as unknown as FromParametersPage[]);
const lastSaid = async (panel: Panel) => (await said(panel)).at(-1);

describe('parameters page', () => {
  it('is made of the program’s parameters', async () => {
    const panel = await opened();
    const rows = await panel.page.$$eval('.field', fields =>
      fields.map(field => [field.getAttribute('data-parameter'), field.querySelector('.facts')?.textContent]),
    );
    expect(rows).toEqual([
      ['target_pid', 'target_pid · whole number from 0, 32 bits · default 0'],
      ['target_kind', 'target_kind · one of a list · default any'],
      ['min_us', 'min_us · whole number from 0, 64 bits · 1 to 1000000 · default 10'],
      ['all', 'all · yes or no · default true'],
      ['target_function', 'target_function · text, at most 63 bytes · default empty'],
    ]);
    expect(await panel.page.textContent('[data-parameter=target_pid] .help')).toBe(words.target_pid.help);
    const shortest = panel.page.getByRole('textbox', { name: 'Shortest call shown (µs)' });
    await expect.poll(() => shortest.inputValue()).toBe('10');
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it('focuses the field where something is missing, and names it', async () => {
    const panel = await opened();
    expect(await panel.page.textContent('[data-parameter=target_function] .problem')).toBe(
      'Required: it sets where the program attaches.',
    );
    await panel.page.keyboard.type('vfs_read');
    expect(await lastSaid(panel)).toEqual({ type: 'change', name: 'target_function', value: 'vfs_read' });
    await panel.send({ type: 'problems', problems: { min_us: 'min_us cannot be 0' }, focus: 'min_us' });
    expect(await panel.page.textContent('[data-parameter=target_function] .problem')).toBe('');
    expect(await panel.page.textContent('[data-parameter=min_us] .problem')).toBe('min_us cannot be 0');
    await panel.page.keyboard.press('End');
    await panel.page.keyboard.type('1');
    expect(await lastSaid(panel)).toEqual({ type: 'change', name: 'min_us', value: '101' });
    await panel.close();
  });

  it('attaches with Enter, closes with Escape, restores defaults', async () => {
    const panel = await opened('dark', { ...defaults, min_us: '77', all: 'false' });
    await panel.page.keyboard.press('Enter');
    expect(await lastSaid(panel)).toEqual({ type: 'attach' });
    await panel.page.getByRole('button', { name: 'Restore Defaults' }).click();
    const changes = (await said(panel)).filter(message => message.type === 'change');
    expect(changes).toContainEqual({ type: 'change', name: 'min_us', value: '10' });
    // The components draw a value a moment after they are given it.
    const shortest = panel.page.getByRole('textbox', { name: 'Shortest call shown (µs)' });
    await expect.poll(() => shortest.inputValue()).toBe('10');
    const failedToo = panel.page.getByRole('checkbox', { name: 'Failed calls, too' });
    await expect.poll(() => failedToo.isChecked()).toBe(true);
    await panel.page.keyboard.press('Escape');
    expect(await lastSaid(panel)).toEqual({ type: 'cancel' });
    await panel.close();
  });

  it('leaves Enter and Escape to an open list and to buttons', async () => {
    const panel = await opened();
    await panel.page.getByRole('combobox', { name: 'Kind of file' }).focus();
    await panel.page.keyboard.press('Enter');
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('Enter');
    expect(await lastSaid(panel)).toEqual({ type: 'change', name: 'target_kind', value: 'pipe' });
    await panel.page.getByRole('button', { name: 'Choose Process…' }).focus();
    await panel.page.keyboard.press('Enter');
    expect(await lastSaid(panel)).toEqual({ type: 'pick', name: 'target_pid' });
    await panel.send({ type: 'value', name: 'target_pid', value: '4711' });
    expect(await panel.page.getByRole('textbox', { name: 'Process', exact: true }).inputValue()).toBe('4711');
    expect((await said(panel)).some(message => message.type === 'attach')).toBe(false);
    await panel.close();
  });

  for (const theme of THEMES) {
    it(`has nothing axe-core objects to, and its picture taken (${theme})`, async () => {
      const panel = await opened(theme);
      await panel.picture(`parameters-${theme}`);
      expect(await panel.accessibilityViolations()).toEqual([]);
      expect(panel.problems).toEqual([]);
      await panel.close();
    });
  }
});
