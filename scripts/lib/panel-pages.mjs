/**
 * What the panel's pages show, for tests that run inside VS Code: their extension host cannot look into a page, the
 * browser it is shown in can.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Between two rounds of asking frames what they are: a webview's document is written, so no event tells when it is there. */
const ASK_AGAIN_MS = 200;

/**
 * `GET /TITLE?shows=TEXT&shows=TEXT...&withinMs=N` answers 200 with all text of the page of that title once it has every
 * TEXT in it, and 504 with what it has when the time is over. Loopback only.
 *
 * @param {import('playwright-core').Page} page VS Code's window
 * @returns {Promise<{address: string, close: () => Promise<void>}>}
 */
export async function servePanelPages(page) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const title = decodeURIComponent(pathname.slice(1));
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
  const text = frame
    .evaluate(
      wanted => (document.title === wanted && innerWidth > 0 ? (document.body?.innerText ?? '') : null),
      title,
    )
    .catch(() => null);
  // A frame that never loads a document never answers.
  const late = new Promise(resolve => setTimeout(resolve, 1000, null));
  return Promise.race([text, late]);
}
