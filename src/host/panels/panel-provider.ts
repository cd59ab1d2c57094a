/**
 * One page in VS Code's panel. The model stays in the host (sessions/session-model): a page is hydrated each time it
 * loads and receives increments while it is visible; a hidden page receives nothing.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { PanelName } from '../../shared/object/panels';
import type { FromWebview, ToWebview } from '../../shared/protocol/webview';
import { packMessage } from '../../shared/protocol/webview-codec';
import type { ExportKind } from '../../shared/protocol/webview-exports';
import { webviewPageHtml } from '../../shared/protocol/webview-page';
import { CommandIds, PANEL_TITLES, ViewIds } from '../common/command-ids';
import { errors } from '../common/errors';
import type { Log } from '../common/log';
import type { SessionList } from '../sessions/session-list';
import type { SessionUpdate } from '../sessions/session-model';
import { describeView } from '../ui/items';
import { parsePageMessage } from './page-messages';
import { focusPanel } from './panel-visibility';
import type { RememberedChoices } from './remembered-choices';
import { saveExport } from './save-export';
import { shownAs } from './shown-as';

/** Limit of bytes in flight to a page. Above it, increments are dropped and the page is hydrated again once it caught up. */
const IN_FLIGHT_LIMIT_BYTES = 16 << 20;
/** Deadline for a page to load or to write its file; a million rows take some seconds. */
const PAGE_DEADLINE_MS = 60_000;

type ExportAnswer = Extract<FromWebview, { type: 'export' | 'notExported' }>;

export class PanelProvider implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | null = null;
  private subscriptions: readonly vscode.Disposable[] = [];
  /** True from the page's 'ready' message until it is unloaded. */
  private pageReady = false;
  private inFlightBytes = 0;
  private behind = false;
  private readonly readied = new vscode.EventEmitter<void>();
  private readonly exported = new vscode.EventEmitter<ExportAnswer>();

  constructor(
    private readonly panel: PanelName,
    private readonly pages: vscode.Uri,
    private readonly sessions: SessionList,
    private readonly choices: RememberedChoices,
    private readonly log: Log,
  ) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    // VS Code does not always report that an earlier view was disposed when sessions change quickly.
    this.letGo();
    this.view = view;
    view.webview.options = { enableScripts: true, localResourceRoots: [this.pages] };
    this.subscriptions = [
      view.webview.onDidReceiveMessage(message => this.receive(message)),
      view.onDidChangeVisibility(() => {
        // VS Code unloads a hidden page; it sends 'ready' again when it is visible.
        if (!view.visible) this.unloaded();
      }),
      this.sessions.onDidShow(() => this.hydrate()),
      this.sessions.onDidUpdate(update => this.forward(update)),
      this.choices.onDidChange(() => this.hydrate()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.hydrate()),
    ];
    view.onDidDispose(() => {
      if (this.view === view) this.letGo();
    });
    view.webview.html = webviewPageHtml({
      title: PANEL_TITLES[this.panel],
      cspSource: view.webview.cspSource,
      nonce: randomBytes(24).toString('hex'),
      scriptUri: view.webview.asWebviewUri(vscode.Uri.joinPath(this.pages, `${this.panel}.js`)).toString(),
      styleUri: view.webview.asWebviewUri(vscode.Uri.joinPath(this.pages, `${this.panel}.css`)).toString(),
    });
  }

  /** Shows the page, asks it to export what it shows, and saves that. Resolves with the file; null if the user cancelled. */
  async export(kind: ExportKind, file: vscode.Uri | null): Promise<vscode.Uri | null> {
    await focusPanel(this.panel);
    if (!this.pageReady) await this.answerOf(this.readied.event);
    const written = this.answerOf(this.exported.event);
    this.post({ type: 'exportRequest', kind: kind.id });
    const answer = await written;
    if (answer.type === 'notExported')
      throw answer.why === '' ? errors.nothingToExport() : errors.notExported(kind.label, answer.why);
    return saveExport(answer.format, answer.name, answer.content, file);
  }

  private answerOf<T>(event: vscode.Event<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription.dispose();
        reject(errors.pageDoesNotAnswer(PANEL_TITLES[this.panel]));
      }, PAGE_DEADLINE_MS);
      const subscription = event(value => {
        clearTimeout(timer);
        subscription.dispose();
        resolve(value);
      });
    });
  }

  private letGo(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.subscriptions = [];
    this.view = null;
    this.unloaded();
  }

  private unloaded(): void {
    this.pageReady = false;
    this.sessions.watched.delete(this.panel);
  }

  private hydrate(): void {
    if (!this.pageReady) return;
    this.behind = false;
    const shown = this.sessions.shown;
    if (this.view) describeView(this.view, shown?.summary.title ?? '');
    if (!shown) {
      this.post({ type: 'noSession', trusted: vscode.workspace.isTrusted });
      return;
    }
    for (const message of shown.hydration(this.panel))
      this.post(shownAs(message, this.choices.get(shown.program)));
  }

  private forward(update: SessionUpdate): void {
    if (!this.pageReady || !this.view?.visible) return;
    const { shown } = this.sessions;
    if (!shown || update.sessionId !== shown.summary.id || !update.panels.includes(this.panel)) return;
    if (this.behind) return;
    if (this.inFlightBytes > IN_FLIGHT_LIMIT_BYTES) {
      this.behind = true;
      return;
    }
    this.post(shownAs(update.message, this.choices.get(shown.program)));
  }

  private post(message: ToWebview): void {
    const view = this.view;
    if (!view) return;
    const bytes = message.type === 'span' ? message.bytes.byteLength : 0;
    this.inFlightBytes += bytes;
    const done = () => {
      this.inFlightBytes -= bytes;
      if (this.behind && this.inFlightBytes === 0) this.hydrate();
    };
    view.webview.postMessage(packMessage(message)).then(done, (error: unknown) => {
      done();
      this.log.warn(`message '${message.type}' did not reach the ${this.panel} page: ${error}`);
    });
  }

  private receive(raw: unknown): void {
    const message = parsePageMessage(raw);
    if (!message) {
      this.log.error(
        `the ${this.panel} page sent something that is not a message: ${JSON.stringify(raw)?.slice(0, 500)}`,
      );
      return;
    }
    this.answer(message).catch(error => this.log.error(`${this.panel} page, ${message.type}: ${error}`));
  }

  private async answer(message: FromWebview): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.pageReady = true;
        this.sessions.watched.add(this.panel);
        this.hydrate();
        this.readied.fire();
        return;
      case 'command':
        await this.command(message.command);
        return;
      case 'export':
      case 'notExported':
        return this.exported.fire(message);
      case 'showAs': {
        const { shown } = this.sessions;
        if (shown) await this.choices.set(shown.program, message.of, message.value);
        return;
      }
      case 'copy':
        return void (await vscode.env.clipboard.writeText(message.text));
      case 'pageError':
        this.log.error(`${this.panel} page: ${message.message}`);
    }
  }

  private async command(name: Extract<FromWebview, { type: 'command' }>['command']): Promise<void> {
    const { shown } = this.sessions;
    if (name === 'openProgram') {
      if (shown) await vscode.window.showTextDocument(shown.program);
      return;
    }
    const commands = {
      detach: [CommandIds.detach, shown],
      attachAgain: [CommandIds.attachAgain, shown],
      openTemplates: [`${ViewIds.templates}.focus`],
      showLog: [CommandIds.showLog],
      export: [CommandIds.exportData, { panel: this.panel }],
      manageTrust: ['workbench.trust.manage'],
    } as const;
    const [id, ...args] = commands[name];
    await vscode.commands.executeCommand(id, ...args);
  }
}
