/** The box beside what the pointer or the keyboard is at in a chart. What the keyboard reaches is spoken as well. */
import { element, setText } from './dom';

export class Readout {
  private readonly box = element('div', { class: 'readout', hidden: true });
  private readonly spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  /** The chart's element: holds the box, and takes the keyboard. */
  readonly host: HTMLElement;

  /** `kind`: of chart, as screen readers say it. */
  constructor(className: string, kind: string, ...content: readonly HTMLElement[]) {
    this.host = element(
      'div',
      { class: className, tabindex: 0, role: 'application', 'aria-roledescription': kind },
      ...content,
      this.box,
      this.spoken,
    );
  }

  get hidden(): boolean {
    return this.box.hidden !== false;
  }
  get widthPx(): number {
    return this.box.offsetWidth;
  }
  get heightPx(): number {
    return this.box.offsetHeight;
  }

  /** The first line is the heading. */
  show([first = '', ...rest]: readonly string[], speak: boolean): void {
    this.box.replaceChildren(element('strong', {}, first), ...rest.map(line => element('div', {}, line)));
    this.box.hidden = false;
    if (speak) setText(this.spoken, [first, ...rest].join(', '));
  }

  /** After show(): only then is its size known. */
  moveTo(leftPx: number, topPx: number): void {
    this.box.style.left = `${Math.max(0, leftPx)}px`;
    this.box.style.top = `${topPx}px`;
  }

  hide(): void {
    this.box.hidden = true;
  }
}
