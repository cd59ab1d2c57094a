/**
 * Drives a real VS Code in a browser through what a user sees and presses. Every wait has the deadline the workbench
 * was opened with, and is for something on the page: nothing sleeps.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, errors, type Frame, type Locator, type Page } from 'playwright-core';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { QuickInput } from './quick-input';

/** Between two rounds of asking frames what they are, and for one answer (a frame without a document gives none). */
const ASK_AGAIN_MS = 500;
const FRAME_ANSWER_MS = deadlineMs(5_000);
/** Within the deadline of a wait. */
const QUICK_FIX_TRIES = 10;

export interface OpenOptions {
  /** Of each single wait. A guest without hardware virtualisation is 10 to 30 times slower than its machine. */
  readonly timeoutMs: number;
  /** Told what the page writes to its console. */
  readonly onConsole?: (line: string) => void;
  /** VS Code's own deadlines of 10 s and more (after which a toast goes, too) last that long: an emulated machine's extension host needs over the 60 s it gets. */
  readonly patient?: true;
  readonly width?: number;
  readonly height?: number;
}

/** Themes by what they are for; VS Code's own ones, so their names are stable. */
const themes = {
  light: { name: 'Light Modern', base: 'vs' },
  dark: { name: 'Dark Modern', base: 'vs-dark' },
  'high contrast dark': { name: 'Dark High Contrast', base: 'hc-black' },
  'high contrast light': { name: 'Light High Contrast', base: 'hc-light' },
} as const;
export type Theme = keyof typeof themes;

export class Workbench {
  readonly quickInput: QuickInput;

  private constructor(
    readonly page: Page,
    private readonly timeoutMs: number,
  ) {
    this.quickInput = new QuickInput(page, timeoutMs);
  }

  /** Opens an address (RunningServer.address) and resolves when the workbench is there and shows its folder. */
  static async open(browser: Browser, address: string, options: OpenOptions): Promise<Workbench> {
    const { timeoutMs, width = 1400, height = 900 } = options;
    const page = await browser.newPage({ viewport: { width, height } });
    page.setDefaultTimeout(timeoutMs);
    page.setDefaultNavigationTimeout(timeoutMs);
    if (options.onConsole) page.on('console', message => options.onConsole?.(message.text()));
    if (options.patient) await page.addInitScript(beAsPatient, timeoutMs);
    await page.goto(address);
    await page.locator('.monaco-workbench .part.activitybar').waitFor();
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
    return new Workbench(page, timeoutMs);
  }

  /** Reloads the window, as a user does, and resolves when the workbench is there again. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.locator('.monaco-workbench .part.activitybar').waitFor();
  }

  /** Shows a view by its command: "BPF: Focus on Sessions View". */
  async showView(name: string): Promise<void> {
    await this.runCommand(`BPF: Focus on ${name} View`);
    await this.page.locator('.pane-header', { hasText: name }).first().waitFor();
  }

  /**
   * Closes the window as a user does: the page hears of it. It is left before its tab is closed, because Chromium ends a
   * closing tab after half a second (content/browser: kUnloadTimeout), before VS Code on a busy machine has told its server.
   */
  async close(): Promise<void> {
    await this.page.goto(new URL('/version', this.page.url()).href);
    await this.page.close();
  }

  /** Runs a command by its whole title as the palette shows it: "BPF: Compile and Attach". */
  async runCommand(title: string): Promise<void> {
    // A row's name is its title, followed by its key binding and its group when it has one.
    await this.quickInput.pickCommand(title, new RegExp(`^${escapeRegExp(title)}(,|$)`));
  }

  /** Titles the palette offers for a filter, in its order; empty when there are none. */
  async paletteTitles(filter: string): Promise<string[]> {
    await this.quickInput.openPalette(filter);
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    const titles = await rows.locator('.label-name').allInnerTexts();
    await this.quickInput.cancel();
    return titles.map(title => title.trim()).filter(title => title !== 'No matching commands');
  }

  /**
   * Opens a file of the workspace by its path in it, from the explorer, and resolves when its editor shows its text.
   * (Quick open would need the extension host's file search, which never answers when asked before that is up.)
   */
  async openFile(file: string): Promise<void> {
    const explorer = this.page.locator('.explorer-folders-view');
    if (!(await explorer.isVisible())) await this.page.keyboard.press('Control+Shift+E');
    const folders = file.split('/');
    const name = folders.pop() ?? file;
    const row = (label: string) => explorer.getByRole('treeitem', { name: label, exact: true });
    for (const folder of folders) {
      if ((await row(folder).getAttribute('aria-expanded')) === 'false') await row(folder).click();
    }
    await row(name).dblclick();
    await this.tab(name).waitFor();
    await this.page.locator('.editor-group-container.active .view-line').first().waitFor();
  }

  /** Resolves when the extension works: the lens over a map in front comes from its language server. */
  async extensionAnswers(): Promise<void> {
    const lens = this.page.locator('.codelens-decoration', { hasText: 'shown as' });
    await Promise.race([lens.first().waitFor({ state: 'attached' }), this.failed()]);
  }

  /** Tab of an open editor. */
  tab(label: string): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: label });
  }

  /** Button in the title bar of the active editor, by its command's title (its key binding may follow). */
  titleButton(title: string): Locator {
    return this.page
      .locator(
        '.editor-group-container.active .editor-actions, .editor-group-container.active .title-actions',
      )
      .getByRole('button', { name: title });
  }

  async clickTitleButton(title: string): Promise<void> {
    await this.titleButton(title).first().click();
  }

  /** Notification that is on screen and contains `text`. Its buttons: `.getByRole('button', {name})`. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  /** Rejects with the words of the first error notification that appears; made to be raced against what should come. */
  async failed(): Promise<never> {
    const error = this.page.locator('.notification-toast', { has: this.page.locator('.codicon-error') });
    await error.first().waitFor();
    throw new Error(
      `VS Code shows an error: ${await error.first().locator('.notification-list-item-message').textContent()}`,
    );
  }

  /** Texts of the notifications on screen. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
  }

  /** What covers the window now, in its own words: dialogs, the quick input, the menu of quick fixes. */
  async inFront(): Promise<string> {
    const covers = this.page.locator('.monaco-dialog-box, .quick-input-widget, .action-widget');
    const texts = await covers.filter({ visible: true }).allInnerTexts();
    return texts.join('\n') || 'nothing';
  }

  /** A modal dialog (`showInformationMessage(…, {modal: true})`) that contains `text`. */
  dialog(text: string | RegExp): Locator {
    return this.page.locator('.monaco-dialog-box', { hasText: text });
  }

  /** Item of the status bar that contains `text`. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text });
  }

  /** Row of a tree or list view, by a text in it. */
  treeRow(text: string | RegExp): Locator {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text });
  }

  /** Puts the cursor of the active editor behind the first place where `text` stands in `whole`, its text. */
  async putCursorBehind(whole: string, text: string): Promise<void> {
    const at = whole.indexOf(text);
    if (at < 0) throw new Error(`the text does not have ${text}`);
    const before = whole.slice(0, at + text.length).split('\n');
    await this.page.keyboard.press('Control+G');
    await this.quickInput.answer(`:${before.length}:${(before.at(-1) ?? '').length + 1}`);
    await this.page
      .locator('.editor-group-container.active .cursors-layer.has-selection')
      .waitFor({ state: 'detached' });
  }

  /** Line of the active editor that contains `text` (as drawn: blanks are no-break spaces). */
  line(text: string): Locator {
    const pattern = new RegExp(text.split(' ').map(escapeRegExp).join('[ \\u00a0]'));
    return this.page.locator('.editor-group-container.active .view-line', { hasText: pattern });
  }

  /** The list of proposals, when it is open. */
  get proposals(): Locator {
    return this.page.locator('.suggest-widget.visible');
  }

  /**
   * Opens the quick fixes where the cursor is, and resolves with the one of that title. They are made from the problems
   * known when they are asked for, so they are asked for again until the problem of the text as it is now is known.
   */
  async quickFix(title: string): Promise<Locator> {
    const menu = this.page.locator('.action-widget');
    const fix = menu.getByText(title);
    for (let triesLeft = QUICK_FIX_TRIES - 1; ; triesLeft--) {
      await this.page.keyboard.press('Control+.');
      try {
        await fix.waitFor({ timeout: this.timeoutMs / QUICK_FIX_TRIES });
        return fix;
      } catch (error) {
        if (!(error instanceof errors.TimeoutError) || triesLeft === 0) throw error;
      }
      if (await menu.isVisible()) await this.page.keyboard.press('Escape');
    }
  }

  /** Underlined problems in the active editor. */
  squiggles(severity: 'error' | 'warning' | 'info'): Locator {
    return this.page.locator(`.editor-group-container.active .squiggly-${severity}`);
  }

  /**
   * The document of a webview, by its title (a panel's page has its view's name). A webview is a frame in a frame whose
   * document is written, not navigated to, so no event tells when it is there: all frames are asked, again and again.
   * `accept`: which of the documents of that title is meant, while VS Code puts one in another's place.
   */
  async webview(
    title: string,
    accept: (frame: Frame) => Promise<boolean> = async () => true,
  ): Promise<Frame> {
    const deadlineMs = performance.now() + this.timeoutMs;
    while (performance.now() < deadlineMs) {
      for (const frame of this.page.frames()) {
        if (frame === this.page.mainFrame() || (await titleOf(frame)) !== title) continue;
        if (await accept(frame).catch(() => false)) return frame;
      }
      await this.page.waitForEvent('framenavigated', { timeout: ASK_AGAIN_MS }).catch(() => {});
    }
    throw new Error(`no webview titled "${title}" after ${this.timeoutMs} ms`);
  }

  /** Titles of the webviews that are loaded, on screen or not. */
  async webviewTitles(): Promise<string[]> {
    const titles = await Promise.all(this.page.frames().map(titleOf));
    return titles.filter(title => title !== null && title !== '') as string[];
  }

  /**
   * Brings a walkthrough to the front. A Welcome tab that was left behind may show the overview when it is looked at
   * again. One in front is left alone: opened once more, it would take the keyboard from what is asked next.
   */
  async openWalkthrough(title: string): Promise<void> {
    const steps = this.page.locator('.getting-started-step').filter({ visible: true });
    if ((await steps.count()) > 0) return;
    await this.runCommand('Welcome: Open Walkthrough...');
    await this.quickInput.waitFor(title);
    await this.quickInput.answer(title);
    await steps.first().waitFor();
  }

  /** The steps of the walkthrough in front, in order. */
  walkthroughSteps(): Promise<{ title: string; done: boolean }[]> {
    return this.page.$$eval('.getting-started-step', found =>
      found.map(step => ({
        title: step.querySelector('.step-title')?.textContent ?? '',
        done: step.querySelector('.codicon-getting-started-step-checked') !== null,
      })),
    );
  }

  async openWalkthroughStep(title: string): Promise<void> {
    await this.page.locator('.getting-started-step', { hasText: title }).locator('.step-title').click();
  }

  /** The button of the open step. */
  walkthroughButton(label: string): Locator {
    return this.page.locator('.getting-started-step.expanded').getByRole('button', { name: label });
  }

  /** Switches the colour theme, as a user does, and resolves when the workbench wears it. */
  async setTheme(theme: Theme): Promise<void> {
    const { name, base } = themes[theme];
    await this.runCommand('Preferences: Color Theme');
    await this.quickInput.waitFor();
    await this.quickInput.pick(new RegExp(`^${name}(,|$)`), name);
    await this.page.locator(`.monaco-workbench.${base}`).waitFor();
    await this.quickInput.closed();
  }

  /** Writes a picture of the window; the folder is made. */
  async screenshot(file: string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }
}

/** Runs in the page before VS Code does. */
function beAsPatient(patienceMs: number): void {
  const timeout = window.setTimeout.bind(window);
  const patient = (handler: TimerHandler, afterMs = 0, ...args: unknown[]): number =>
    timeout(handler, afterMs >= 10_000 && afterMs < patienceMs ? patienceMs : afterMs, ...args);
  window.setTimeout = patient as typeof window.setTimeout;
}

/** null while the frame loads or when it went away. */
async function titleOf(frame: Frame): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), FRAME_ANSWER_MS);
  });
  const title = frame.evaluate(() => document.title).catch(() => null);
  return Promise.race([title, late]).finally(() => clearTimeout(timer));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
