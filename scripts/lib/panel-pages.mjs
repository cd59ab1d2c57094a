/**
 * What pages show and what a user does there, for tests that run inside VS Code: their extension host can neither look
 * into a page nor press a key, the browser it is shown in can.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { deadlineMs } from './pace.mjs';
import { takePicture } from './pictures.mjs';

/** Between two rounds of asking frames what they are: a webview's document is written, so no event tells when it is there. */
const ASK_AGAIN_MS = 200;

/**
 * @typedef {{css: string} | {role: string, name: string}} Place an element, the name matched as a part of it
 * @typedef {{at: Place, fill?: string, press?: string, click?: true, shown?: true,
 *   holds?: string}} Act what is done there, in this order; then it is waited until the element can be seen, or holds a text:
 *   as a field's value, else as its words
 */

/**
 * `GET /TITLE?shows=TEXT&shows=TEXT...&withinMs=N` answers 200 with all text of the page of that title once it has every
 * TEXT in it, and 504 with what it has when the time is over. `POST /NAME` takes the picture panels/NAME of the
 * documents (pictures.mjs). `PUT /TITLE` with an Act acts as a user on that page (no TITLE: on VS Code's own
 * window). `GET /?css=CSS&shows=TEXT&withinMs=N` answers with the HTML of the element of VS Code's own window that is the
 * first to match and to show TEXT. Loopback only.
 *
 * @param {import('playwright-core').Page} page VS Code's window
 * @returns {Promise<{address: string, close: () => Promise<void>}>}
 */
export async function servePanelPages(page) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const title = decodeURIComponent(pathname.slice(1));
    if (request.method === 'POST') {
      takeDrawn(page, title).then(
        () => response.writeHead(204).end(),
        error => response.writeHead(500).end(String(error)),
      );
      return;
    }
    if (request.method === 'PUT') {
      json(request)
        .then(act => actOn(page, title, act))
        .then(
          () => response.writeHead(204).end(),
          error => response.writeHead(500).end(String(error)),
        );
      return;
    }
    const css = searchParams.get('css');
    if (css !== null) {
      const element = page
        .locator(css)
        .filter({ hasText: searchParams.get('shows') ?? '' })
        .first();
      element
        .evaluate(found => found.outerHTML, null, { timeout: Number(searchParams.get('withinMs')) })
        .then(
          html => response.writeHead(200).end(html),
          error => response.writeHead(504).end(String(error)),
        );
      return;
    }
    const untilMs = performance.now() + Number(searchParams.get('withinMs'));
    textOfPage(page, title, searchParams.getAll('shows'), untilMs).then(
      ({ text, complete }) => response.writeHead(complete ? 200 : 504).end(text),
      error => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** After every frame has drawn what it knows: two animation frames, one to draw, one to have drawn. */
async function takeDrawn(page, name) {
  const drawn = page.frames().map(frame =>
    answerOf(
      frame.evaluate(
        () =>
          new Promise(done => {
            requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
          }),
      ),
    ),
  );
  await Promise.all(drawn);
  await takePicture(page, `panels/${name}`);
}

/** Longest that an element may take to be there and ready. */
const ACT_DEADLINE_MS = deadlineMs(30_000);

async function actOn(page, title, { at, fill, press, click, shown, holds }) {
  const frame = title === '' ? page.mainFrame() : await frameOf(page, title);
  const element = ('css' in at ? frame.locator(at.css) : frame.getByRole(at.role, { name: at.name })).first();
  const options = { timeout: ACT_DEADLINE_MS };
  if (fill !== undefined) await element.fill(fill, options);
  if (press !== undefined) await element.press(press, options);
  if (click) await element.click(options);
  if (shown) await element.waitFor(options);
  if (holds === undefined) return;
  const found = await element.elementHandle(options);
  const held = () =>
    // biome-ignore lint/performance/useDomNodeTextContent: only what a user can see counts
    found.evaluate(one => one.value ?? one.innerText);
  // biome-ignore lint/performance/useDomNodeTextContent: only what a user can see counts
  const isThere = ([one, wanted]) => (one.value ?? one.innerText) === wanted;
  await frame.waitForFunction(isThere, [found, holds], options).catch(async error => {
    throw new Error(`it holds '${await held()}': ${error.message}`);
  });
}

/** A page that is on screen. Throws when it does not come. */
async function frameOf(page, title) {
  const untilMs = performance.now() + ACT_DEADLINE_MS;
  for (;;) {
    for (const frame of page.frames())
      if (frame !== page.mainFrame() && (await textOf(frame, title)) !== null) return frame;
    if (performance.now() > untilMs) throw new Error(`there is no page '${title}'`);
    await page.waitForTimeout(ASK_AGAIN_MS);
  }
}

async function textOfPage(page, title, wanted, untilMs) {
  let text = `(no page '${title}')`;
  for (;;) {
    for (const frame of page.frames()) {
      if (frame === page.mainFrame()) continue;
      const found = await textOf(frame, title);
      if (found === null) continue;
      text = found;
      if (wanted.every(part => found.includes(part))) return { text, complete: true };
    }
    if (performance.now() > untilMs) return { text, complete: false };
    await page.waitForTimeout(ASK_AGAIN_MS);
  }
}

/** null for a frame with another title, one that is not on screen, loads, or went away. */
async function textOf(frame, title) {
  return answerOf(
    frame.evaluate(
      // biome-ignore lint/performance/useDomNodeTextContent: only what a user can see counts
      wanted => (document.title === wanted && innerWidth > 0 ? (document.body?.innerText ?? '') : null),
      title,
    ),
  );
}

/** null where a frame goes away, or never loads a document and so never answers. */
function answerOf(asked) {
  const late = new Promise(resolve => setTimeout(resolve, 1000, null));
  return Promise.race([asked.catch(() => null), late]);
}
