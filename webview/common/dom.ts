/**
 * Builds DOM without markup strings: everything from a traced system becomes text, never HTML, and its control
 * characters and text-direction marks are escaped.
 */
import { escapeLines } from '../../src/shared/text/escape';

export interface Attributes {
  readonly [name: string]: string | number | boolean | null | undefined;
}

/** Creates an element; `false`, null and undefined attributes are omitted, `true` becomes an empty attribute. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  setAttributes(created, attributes);
  created.append(...children.map(child => (typeof child === 'string' ? escapeLines(child) : child)));
  return created;
}

/** Attributes that are shown or read aloud; the others are keys, which are not escaped. */
const SHOWN = /^(aria-label|aria-description|aria-valuetext|alt|placeholder|title)$/;

export function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) target.removeAttribute(name);
    else {
      const text = value === true ? '' : SHOWN.test(name) ? escapeLines(String(value)) : String(value);
      if (target.getAttribute(name) !== text) target.setAttribute(name, text);
    }
  }
}

/** Sets text only if it differs, so that live pages do not touch unchanged elements. */
export function setText(target: Element, text: string): void {
  const shown = escapeLines(text);
  if (target.textContent !== shown) target.textContent = shown;
}

/** A codicon; decorative, so hidden from screen readers. */
export function icon(name: string): HTMLElement {
  return element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });
}

/** The page's root element; throws if the document has none. */
export function pageRoot(): HTMLElement {
  const root = document.getElementById('app');
  if (!root) throw new Error('the page has no #app element');
  return root;
}

/** Runs `draw` at most once per animation frame, however often it is requested. */
export function oncePerFrame(draw: () => void): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      draw();
    });
  };
}

/**
 * Runs `draw` on an animation frame, but at most once per `intervalMs`: streaming data need not be drawn faster than
 * users can read. Until it has run, `target` is aria-busy.
 */
export function atMostEvery(intervalMs: number, target: Element, draw: () => void): () => void {
  let pending = false;
  let last = Number.NEGATIVE_INFINITY;
  const run = (): void => {
    pending = false;
    last = performance.now();
    target.removeAttribute('aria-busy');
    draw();
  };
  return () => {
    if (pending) return;
    pending = true;
    target.setAttribute('aria-busy', 'true');
    setTimeout(() => requestAnimationFrame(run), Math.max(0, last + intervalMs - performance.now()));
  };
}
