/** VS Code's quick input: the command palette, picks and input boxes (a password's, too). */
import { errors, type Locator, type Page } from 'playwright-core';

/** A palette that something closed is opened again: so many times within the deadline of a wait. */
const PALETTE_TRIES = 10;

export class QuickInput {
  private readonly widget: Locator;
  private readonly input: Locator;

  constructor(
    private readonly page: Page,
    private readonly timeoutMs: number,
  ) {
    this.widget = page.locator('.quick-input-widget').filter({ visible: true });
    this.input = this.widget.locator('.quick-input-filter input');
  }

  /** Waits until it is open, with this text somewhere in it (title, prompt or placeholder) when given. */
  async waitFor(text?: string | RegExp): Promise<void> {
    await this.input.waitFor();
    if (text === undefined) return;
    const shown = this.widget
      .getByText(text)
      .or(this.widget.getByPlaceholder(text))
      .or(this.widget.getByLabel(text));
    await shown.first().waitFor();
  }

  /** True when what is typed is not shown. */
  async isPassword(): Promise<boolean> {
    return (await this.input.getAttribute('type')) === 'password';
  }

  /** Everything it says now: prompt, validation message, the rows in view. */
  async text(): Promise<string> {
    // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what is asked for
    return this.widget.innerText();
  }

  /** Types an answer into an input box and accepts it. */
  async answer(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** Accepts what is there: the text of an input box, the chosen row of a pick. */
  async accept(): Promise<void> {
    await this.input.press('Enter');
  }

  /** Narrows a pick by `filter` and takes the first row whose accessible name contains `label`. */
  async pick(label: string | RegExp, filter?: string): Promise<void> {
    if (filter !== undefined) await this.input.fill(filter);
    await this.option(label).click();
  }

  /** Closes it without an answer. */
  async cancel(): Promise<void> {
    await this.input.press('Escape');
    await this.closed();
  }

  /** Resolves when it is gone, faded out and all. */
  async closed(): Promise<void> {
    await this.input.waitFor({ state: 'hidden' });
  }

  /** Opens the command palette with `filter` typed. */
  async openPalette(filter: string, timeoutMs = this.timeoutMs): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.input.waitFor({ timeout: timeoutMs });
    await this.input.fill(`>${filter}`, { timeout: timeoutMs });
  }

  /**
   * Takes the first command of the palette whose accessible name contains `label`, with `filter` typed. Whatever takes
   * the focus meanwhile (a page that appears, a toast) closes the palette; a user opens it again, and so does this.
   * It lists what there was when it was opened: one without the command (extensions are registered a moment after the
   * window is there) is closed and opened again, too.
   */
  async pickCommand(filter: string, label: RegExp): Promise<void> {
    const timeoutMs = this.timeoutMs / PALETTE_TRIES;
    for (let triesLeft = PALETTE_TRIES - 1; ; triesLeft--) {
      try {
        await this.openPalette(filter, timeoutMs);
        return await this.option(label).click({ timeout: timeoutMs });
      } catch (error) {
        if (!(error instanceof errors.TimeoutError) || triesLeft === 0) throw error;
        if (await this.input.isVisible()) await this.cancel();
      }
    }
  }

  private option(label: string | RegExp): Locator {
    return this.widget.getByRole('option', { name: label }).first();
  }
}
