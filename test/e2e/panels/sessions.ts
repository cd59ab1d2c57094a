import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { globals } from '../replay/known';
import type { PanelWindow } from './window';

/** Rows of the tree and lines over sections. */
export function sessionsView(panels: PanelWindow): void {
  describe('the Sessions view', () => {
    it('has a row per session, and the program a line over each section', async () => {
      panels.tellOnFailure();
      const { workbench } = panels;
      await workbench.showView('Sessions');
      const lost = globals('trace_perf_output', -1).events_dropped;
      const own = workbench.treeRow(/trace_perf_output/).first();
      await own.waitFor();
      await expect.poll(() => own.textContent()).toContain(`${lost} lost`);
      const program = 'trace_perf_output.bpf.c';
      await workbench.openFile(program);
      // A lens is filled in once its line is on screen.
      const text = await readFile(path.join(panels.workspace, program), 'utf8');
      await workbench.putCursorBehind(text, 'SEC("?tracepoint');
      const lenses = () => workbench.page.locator('.codelens-decoration').allTextContents();
      await expect
        .poll(async () => (await lenses()).join('\n'))
        .toMatch(
          new RegExp(`tracepoint/syscalls/sys_enter_getpid · \\d+ events/s · ${lost} lost · this kernel`),
        );
    });
  });
}
