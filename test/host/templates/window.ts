/** What a user sees and does in the window, through the browser outside (scripts/lib/panel-pages.mjs). */
import * as assert from 'node:assert/strict';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';

const PAGE_DEADLINE_MS = deadlineMs(30_000);

/** An element of a page; a name is matched as a part of it. */
export type Place = { readonly css: string } | { readonly role: string; readonly name: string };

export interface Act {
  readonly at: Place;
  readonly fill?: string;
  readonly press?: string;
  readonly click?: true;
  /** Waits until it can be seen. */
  readonly shown?: true;
  /** Waits until the element holds this: as a field's value, else as its words. */
  readonly holds?: string;
}

const address = (title: string): string => `${process.env.BPFW_HOST_PANELS}/${encodeURIComponent(title)}`;

/** Waits until the page of that title shows all of the texts, and resolves with all it shows. */
export async function shows(title: string, texts: readonly string[]): Promise<string> {
  const query = new URLSearchParams([
    ...texts.map(text => ['shows', text]),
    ['withinMs', String(PAGE_DEADLINE_MS)],
  ]);
  const answer = await fetch(`${address(title)}?${query}`);
  const text = await answer.text();
  const missing = texts.filter(each => !text.includes(each));
  assert.ok(answer.ok, `the page '${title}' does not show ${missing.join(', ')}, but:\n${text}`);
  return text;
}

/** The HTML of the first element of VS Code's own window that matches and shows the text. */
export async function htmlOf(css: string, text: string): Promise<string> {
  const query = new URLSearchParams({ css, shows: text, withinMs: String(PAGE_DEADLINE_MS) });
  const answer = await fetch(`${address('')}?${query}`);
  const html = await answer.text();
  assert.ok(answer.ok, `nothing at '${css}' shows '${text}': ${html}`);
  return html;
}

/** Acts on the page of that title ('': VS Code's own window), as scripts/lib/panel-pages.mjs says. */
export async function act(title: string, what: Act): Promise<void> {
  const answer = await fetch(address(title), { method: 'PUT', body: JSON.stringify(what) });
  assert.ok(answer.ok, `${JSON.stringify(what)} on the page '${title}': ${await answer.text()}`);
}

/** Of the whole window: the picture panels/NAME of the documents. */
export async function takePicture(name: string): Promise<void> {
  const answer = await fetch(address(name), { method: 'POST' });
  assert.equal(answer.status, 204, await answer.text());
}
