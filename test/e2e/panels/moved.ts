import { describe, expect, it } from 'vitest';
import { ringRecords } from '../replay/known';
import { rowCount, rowsIn } from './rows';
import type { PanelWindow } from './window';

/** A panel that VS Code puts elsewhere. */
export function movedPanel(panels: PanelWindow): void {
  describe('a panel that is moved', () => {
    it('shows what it showed', async () => {
      panels.tellOnFailure();
      const { workbench } = panels;
      await workbench.runCommand('BPF: Show Events');
      let page = await panels.pageOf('Events', 'stacksnoop');
      const before = ringRecords('stacksnoop').length;
      await expect.poll(() => rowCount(page)).toBe(before);
      const [newest] = (await rowsIn(page)).slice(-1);
      // Kernel addresses by name.
      expect(Object.values(newest ?? {}).join(' ')).toContain('kernel_clone');
      for (const move of ['View: Move Panel Right', 'View: Move Panel To Bottom']) {
        page = await panels.reloaded(page, 'Events', 'stacksnoop', async () => {
          await workbench.runCommand(move);
          // VS Code draws the views of a panel that was moved once it is shown the next time.
          await workbench.runCommand('View: Toggle Panel Visibility');
          await workbench.runCommand('BPF: Show Events');
        });
        await expect.poll(() => rowCount(page)).toBe(before);
      }
    });
  });
}
