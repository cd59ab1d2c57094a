import { randomBytes } from 'node:crypto';
import type * as vscode from 'vscode';
import type { OwnTracer } from '../../session/elevation/installed-tracer';
import { environmentText } from '../../system/environment-rows';
import { CommandIds } from '../common/command-ids';
import type { Log } from '../common/log';
import { pageTab } from '../ui/items';
import { withProgress } from '../ui/messages';
import { type EnvironmentSources, environmentSections } from './environment-checks';
import { environmentHtml } from './environment-page';

/** Internal command for the page's links; not in the manifest. */
export const COPY_TEXT_COMMAND = '_bpf.copyText';

/** The tab of BPF: Check Environment. Each run of the command repeats the checks. */
export class EnvironmentTab implements vscode.Disposable {
  private panel: vscode.WebviewPanel | null = null;

  constructor(
    private readonly sources: EnvironmentSources,
    private readonly own: OwnTracer,
    private readonly log: Log,
  ) {}

  async show(): Promise<void> {
    const sections = await withProgress(
      { where: 'notification', title: 'BPF: checking the environment' },
      () => environmentSections(this.sources, this.own),
    );
    this.log.info(`environment:\n${environmentText(sections)}`);
    const panel = this.panel ?? this.create();
    this.panel = panel;
    panel.webview.html = environmentHtml({
      sections,
      cspSource: panel.webview.cspSource,
      styleNonce: randomBytes(24).toString('hex'),
      copyLink: text => `command:${COPY_TEXT_COMMAND}?${encodeURIComponent(JSON.stringify([text]))}`,
      againLink: `command:${CommandIds.checkEnvironment}`,
    });
    panel.reveal();
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private create(): vscode.WebviewPanel {
    const panel = pageTab('bpf.environment', 'BPF Environment', {
      enableScripts: false,
      localResourceRoots: [],
      enableCommandUris: [COPY_TEXT_COMMAND, CommandIds.checkEnvironment],
      enableFindWidget: true,
    });
    panel.onDidDispose(() => {
      this.panel = null;
    });
    return panel;
  }
}
