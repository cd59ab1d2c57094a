import { describe, expect, it } from 'vitest';
import { SHORTEST_US } from '../replay/scenes';
import type { PanelWindow } from './window';

/** ▶ with a form before it. */
export function parameterForm(panels: PanelWindow): void {
  describe('parameters', () => {
    it('are asked for in a form that shows mistakes in place, and reach the program', async () => {
      panels.tellOnFailure();
      const { workbench } = panels;
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
      // The replaying tracer refuses other values than it was recorded with.
      await shortest.press('Enter');
      await panels.pageOf('Histogram', 'readlat');
      await workbench.tab('Attach readlat').waitFor({ state: 'detached' });
    });
  });
}
