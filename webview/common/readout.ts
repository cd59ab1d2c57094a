/** The box with the values under the pointer or keyboard cursor of a chart. Values reached with the keyboard are also read aloud. */
import { element, setText } from './dom';

export class Readout {
  private readonly box = element('div', { class: 'readout', hidden: true });
  private readonly spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  /** The chart's element: contains the box and has the keyboard focus. */
  readonly host: HTMLElement;

  /** `kind`: the kind of chart, for screen readers. */
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

  /** Call it after show(), when the size is known. */
  moveTo(leftPx: number, topPx: number): void {
    this.box.style.left = `${Math.max(0, leftPx)}px`;
    this.box.style.top = `${topPx}px`;
  }

  hide(): void {
    this.box.hidden = true;
  }
}
