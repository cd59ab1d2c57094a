/**
 * Opens a panel's page in Chromium the way VS Code would: same document, same policy, VS Code's theme variables, and
 * acquireVsCodeApi as the only way out. It plays the transport, nothing of the extension: what the page is sent are
 * recorded streams, what it says back can be waited for.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import type { ToParametersPage } from '../../src/shared/protocol/parameters-page';
import type { FromWebview, ToWebview } from '../../src/shared/protocol/webview';
import { packMessage } from '../../src/shared/protocol/webview-codec';
import { webviewPageHtml } from '../../src/shared/protocol/webview-page';

export type ThemeName = 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';
export const THEMES: readonly ThemeName[] = ['light', 'dark', 'high-contrast', 'high-contrast-light'];
const root = path.join(__dirname, '../..');

declare global {
  interface Window {
    fromPage: FromWebview[];
    savedState: unknown;
  }
}

/** What VS Code puts into a webview before the page's own script runs. */
function playVsCode(theme: {
  readonly class: string;
  readonly variables: Readonly<Record<string, string>>;
}): void {
  window.fromPage = [];
  const saved = sessionStorage.getItem('state');
  window.savedState = saved === null ? undefined : JSON.parse(saved);
  (window as unknown as { acquireVsCodeApi: () => unknown }).acquireVsCodeApi = () => ({
    postMessage: (message: FromWebview) => window.fromPage.push(structuredClone(message)),
    getState: () => window.savedState,
    setState: (state: unknown) => {
      window.savedState = state;
      sessionStorage.setItem('state', JSON.stringify(state));
      return state;
    },
  });
  const apply = (): void => {
    for (const [name, value] of Object.entries(theme.variables))
      document.documentElement.style.setProperty(name, value);
    document.body.className = theme.class;
  };
  if (document.body) apply();
  else {
    const observer = new MutationObserver(() => {
      if (!document.body) return;
      observer.disconnect();
      apply();
    });
    observer.observe(document, { childList: true, subtree: true });
  }
}

export class PanelHarness {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly origin: string,
  ) {}

  /** Builds the pages named and serves them on a loopback port. */
  static async start(panels: readonly string[]): Promise<PanelHarness> {
    const built = await build({
      absWorkingDir: root,
      entryPoints: panels.map(panel => ({ in: `webview/${panel}/main.ts`, out: panel })),
      bundle: true,
      platform: 'browser',
      target: 'es2022',
      format: 'esm',
      minify: true,
      write: false,
      outdir: 'pages',
      loader: { '.ttf': 'file' },
      logLevel: 'warning',
    });
    const files = new Map(built.outputFiles.map(file => [`/${path.basename(file.path)}`, file.contents]));
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const file = files.get(url.pathname);
      if (file) {
        const type = url.pathname.endsWith('.js')
          ? 'text/javascript'
          : url.pathname.endsWith('.css')
            ? 'text/css'
            : 'font/ttf';
        response.writeHead(200, { 'content-type': type }).end(file);
      } else if (url.pathname.startsWith('/page/')) {
        const panel = url.pathname.slice('/page/'.length);
        response.writeHead(200, { 'content-type': 'text/html' }).end(
          webviewPageHtml({
            title: panel,
            cspSource: "'self'",
            nonce: randomBytes(16).toString('hex'),
            scriptUri: `/${panel}.js`,
            styleUri: `/${panel}.css`,
          }),
        );
      } else if (url.pathname === '/favicon.ico') response.writeHead(204).end();
      else response.writeHead(404).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the page server has no port');
    const browser = await chromium.launch({
      executablePath: process.env.BPFW_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new PanelHarness(server, browser, `http://127.0.0.1:${address.port}`);
  }

  async open(panel: string, theme: ThemeName = 'dark', size = { width: 1280, height: 320 }): Promise<Panel> {
    const variables = JSON.parse(
      await readFile(path.join(root, `test/fixtures/themes/${theme}.json`), 'utf8'),
    );
    const page = await this.browser.newPage({ viewport: size, reducedMotion: 'reduce' });
    const panelPage = new Panel(page);
    await page.addInitScript(playVsCode, variables);
    await page.goto(`${this.origin}/page/${panel}`);
    await panelPage.said('ready');
    return panelPage;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await new Promise(resolve => this.server.close(resolve));
  }
}

export interface ExportedContent {
  readonly format: string;
  readonly name: string;
  /** '' for a picture of pixels. */
  readonly text: string;
  readonly bytes: readonly number[];
}

export class Panel {
  /** Errors of the page: uncaught ones, and what its Content Security Policy refused. */
  readonly problems: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', error => this.problems.push(String(error)));
    page.on('console', message => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  /** Delivers messages as the host would, bytes as ArrayBuffers, and waits until the page has drawn them. */
  async send(...messages: readonly (ToWebview | ToParametersPage)[]): Promise<void> {
    await this.page.evaluate(
      async packed => {
        const revive = (value: unknown): unknown => {
          if (Array.isArray(value)) return value.map(revive);
          if (typeof value !== 'object' || value === null) return value;
          if ('$bytes' in value)
            return Uint8Array.from(atob(String(value.$bytes)), character => character.charCodeAt(0)).buffer;
          return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revive(inner)]));
        };
        for (const message of packed) window.postMessage(revive(message), '*');
        const frame = (): Promise<unknown> => new Promise(resolve => requestAnimationFrame(resolve));
        // One task for the last message, one frame for the drawing it asked for, one for what that laid out.
        await new Promise(resolve => setTimeout(resolve));
        await frame();
        await frame();
        while (document.querySelector('main[aria-busy]')) await frame();
      },
      messages.map(message => pack(packMessage(message))),
    );
  }

  /** Waits for a message of the page and returns the first of that type. */
  async said<T extends FromWebview['type']>(type: T): Promise<Extract<FromWebview, { type: T }>> {
    await this.page.waitForFunction(
      wanted => window.fromPage?.some(message => message.type === wanted),
      type,
      { timeout: deadlineMs(10_000) },
    );
    const message = await this.page.evaluate(
      wanted => window.fromPage.find(candidate => candidate.type === wanted),
      type,
    );
    return message as Extract<FromWebview, { type: T }>;
  }

  /** What the page writes when the host wants a file of this kind; bytes as they are in `bytes`. */
  async exported(kind: string): Promise<ExportedContent> {
    return this.page.evaluate(
      async ({ wanted, withinMs }) => {
        window.fromPage = [];
        window.postMessage({ type: 'exportRequest', kind: wanted }, '*');
        const untilMs = performance.now() + withinMs;
        for (;;) {
          const message = window.fromPage.find(each => each.type === 'export' || each.type === 'notExported');
          if (message?.type === 'notExported') throw new Error(`not exported: ${message.why}`);
          if (message?.type === 'export') {
            const { format, name, content } = message;
            return typeof content === 'string'
              ? { format, name, text: content, bytes: [] }
              : { format, name, text: '', bytes: [...new Uint8Array(content)] };
          }
          if (performance.now() > untilMs) throw new Error(`no export as ${wanted}`);
          await new Promise(resolve => requestAnimationFrame(resolve));
        }
      },
      { wanted: kind, withinMs: deadlineMs(10_000) },
    );
  }

  /** Violations axe-core finds, as readable lines. */
  async accessibilityViolations(): Promise<string[]> {
    const source = await readFile(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
    // Through the debugger, which the page's policy does not govern.
    await this.page.evaluate(source);
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: {
          run(): Promise<{
            violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
          }>;
        };
      };
      const { violations } = await axe.run();
      return violations.map(
        ({ id, help, nodes }) =>
          `${id}: ${help}\n${nodes.map(node => `  ${node.html}\n    ${node.failureSummary ?? ''}`).join('\n')}`,
      );
    });
  }

  /** Writes a picture when BPFW_SCREENSHOTS names a folder. */
  async picture(name: string): Promise<void> {
    const folder = process.env.BPFW_SCREENSHOTS;
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  /** Loads the page anew, as VS Code does when it was hidden or moved: only its state is left. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.said('ready');
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

/** ArrayBuffers as text for the way into the browser; all else is packed as the host packs it. */
function pack(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, pack(inner)]));
}
