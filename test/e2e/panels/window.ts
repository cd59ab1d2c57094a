/** The one VS Code that shows every panel, with what was recorded instead of the privileged process. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { expect, onTestFailed } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { workFolder } from '../../../scripts/lib/paths.mjs';
import { type LocalVscode, openLocalVscode } from '../driver/local-vscode';
import type { Workbench } from '../driver/workbench';
import { replayingExtension } from '../replay/extension';
import { writePrograms } from '../replay/scenes';

const second = 1000;

export class PanelWindow {
  /** The copy of the extension whose tracer replays: see holdReplay. */
  readonly extension = path.join(workFolder, `replaying-extension-${process.pid}`);
  private vscode: LocalVscode | null = null;

  /** `prepare` fills the workspace; without it, it holds the programs that were recorded. */
  constructor(private readonly prepare: (workspace: string) => Promise<void> = writePrograms) {}

  async open(): Promise<void> {
    await replayingExtension(this.extension);
    this.vscode = await openLocalVscode({
      extension: this.extension,
      // The replaying tracer loads nothing: this machine's kernel stays as it is.
      env: { BPFW_TARGET: 'local' },
      size: { width: 1360, height: 1100 },
      prepare: this.prepare,
      timeoutMs: 30 * second,
    });
    // Ends with the window.
    this.agreeToRights().catch(() => undefined);
  }

  /** Whoever runs the test holds the rights, and is asked all the same before a tracer gets them. */
  private async agreeToRights(): Promise<void> {
    const proceed = this.workbench.dialog('needs capabilities').getByRole('button', { name: 'Continue' });
    for (;;) await proceed.click({ timeout: 0 });
  }

  async close(): Promise<void> {
    await this.vscode?.close();
    await rm(this.extension, { recursive: true, force: true });
  }

  get workbench(): Workbench {
    return this.opened.workbench;
  }
  /** The folder that is open. */
  get workspace(): string {
    return this.opened.workspace;
  }
  private get opened(): LocalVscode {
    if (!this.vscode) throw new Error('the window is not open');
    return this.vscode;
  }

  /** What a user would look at when it went wrong. */
  tellOnFailure(): void {
    onTestFailed(async ({ task }) => {
      const picture = path.join(workFolder, `panels-failed-${task.id}.png`);
      await this.workbench.screenshot(picture);
      console.error([`picture: ${picture}`, ...(await this.workbench.notifications())].join('\n'));
    });
  }

  /** A panel's page once it shows that program's session, loaded since it was last marked as seen. */
  pageOf(panel: string, program: string): Promise<Frame> {
    const shows = (frame: Frame): Promise<boolean> =>
      frame.evaluate(
        wanted =>
          !document.body.classList.contains('seen') &&
          document.querySelector('.toolbar:not([hidden]) h1')?.textContent === wanted,
        program,
      );
    return Promise.race([this.workbench.webview(panel, shows), this.workbench.failed()]);
  }

  /** Does what makes VS Code load a page anew, and resolves with the new one. */
  async reloaded(page: Frame, panel: string, program: string, how: () => Promise<void>): Promise<Frame> {
    await page.evaluate(() => document.body.classList.add('seen'));
    await how();
    return this.pageOf(panel, program);
  }

  /** As pageOf, once the page has what the selector finds. VS Code may put another page in its place until then. */
  async pageWith(panel: string, program: string, selector: string): Promise<Frame> {
    for (;;) {
      const page = await this.pageOf(panel, program);
      try {
        await page.locator(selector).waitFor();
        return page;
      } catch (error) {
        if (!page.isDetached()) throw error;
      }
    }
  }

  /** Opens a program, presses ▶ and resolves with the panel's page. */
  async attach(program: string, panel: string): Promise<Frame> {
    await this.workbench.openFile(`${program}.bpf.c`);
    await this.workbench.clickTitleButton('Compile and Attach');
    return this.pageOf(panel, program);
  }

  /** Writes what a page offers by its button, and resolves with the file's text. */
  async exported(page: Frame, kind: string, format: string, file: string): Promise<string> {
    const { quickInput } = this.workbench;
    await page.getByRole('button', { name: 'Export…' }).click();
    await quickInput.waitFor('What do you want to export?');
    await quickInput.pick(new RegExp(`^${kind.replace(/[()]/g, '\\$&')}`));
    await quickInput.waitFor(`Export ${format}`);
    await quickInput.accept();
    const target = path.join(this.workspace, file);
    await expect
      .poll(() => readFile(target, 'utf8').catch(() => ''), { timeout: deadlineMs(30 * second) })
      .not.toBe('');
    return readFile(target, 'utf8');
  }
}
