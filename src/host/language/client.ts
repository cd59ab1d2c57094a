/** The language server's client: started by the first BPF program that is opened, notified when the target or settings change. */
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { newestCachedBtf } from '../../compile/cached-btf';
import { isBpfSource } from '../../shared/bpf/bpf-source';
import { defaultCacheFolder } from '../../system/cache-files';
import { environmentOverlay } from '../../system/child-environment';
import { SettingIds } from '../common/command-ids';
import type { Log } from '../common/log';

import type { Targets } from '../targets/targets';

/** The server's initializationOptions and configuration; see src/server/settings.ts. */
interface ServerOptions {
  readonly btfPath: string;
  readonly includeFolders: readonly string[];
  readonly codeLens: boolean;
  readonly mayRunMake: boolean;
}

const FLAG_SETTINGS = [
  SettingIds.includePaths,
  SettingIds.defines,
  SettingIds.compileFlags,
  SettingIds.flagsFrom,
];

export interface LanguageServices {
  readonly serverPath: string;
  /** Folder that contains bpfw.h. */
  readonly includeFolder: string;
  readonly targets: Targets;
  readonly log: Log;
}

export class LanguageServerClient implements vscode.Disposable {
  private starting: Promise<LanguageClient> | null = null;
  private sentOptions = '';
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly services: LanguageServices) {
    const opened = (document: vscode.TextDocument) => {
      if (document.languageId === 'c' && isBpfSource(document.uri.path, () => document.getText()))
        this.wake();
    };
    for (const document of vscode.workspace.textDocuments) opened(document);
    this.subscriptions = [
      vscode.workspace.onDidOpenTextDocument(opened),
      // A new file can be recognized only after it was saved.
      vscode.workspace.onDidSaveTextDocument(document => {
        if (!this.isStarted) opened(document);
      }),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (
          change.affectsConfiguration(SettingIds.target) ||
          change.affectsConfiguration(SettingIds.codeLens)
        )
          this.wakeIfRunning();
        // The server asks for these itself, for each program.
        if (FLAG_SETTINGS.some(id => change.affectsConfiguration(id))) {
          this.sentOptions = '';
          this.wakeIfRunning();
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.wakeIfRunning()),
    ];
  }

  /** True if the server is running or starting. */
  get isStarted(): boolean {
    return this.starting !== null;
  }

  /** Resolves when the server is ready; starts it if necessary. */
  async ready(): Promise<void> {
    await this.start();
  }

  /** Stops the server; resolves when it has ended. */
  async stop(): Promise<void> {
    const starting = this.starting;
    this.starting = null;
    const client = await starting?.catch(() => null);
    await client?.dispose();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    void this.stop().catch(error => this.services.log.error(String(error)));
  }

  /** Starts the server, or sends the running one the changed settings. */
  private wake(): void {
    void this.start()
      .then(client => this.sendOptions(client))
      .catch(error =>
        this.services.log.error(`language server: ${error instanceof Error ? error.message : error}`),
      );
  }

  private wakeIfRunning(): void {
    if (this.starting) this.wake();
  }

  private start(): Promise<LanguageClient> {
    this.starting ??= this.launch().catch(error => {
      this.starting = null;
      throw error;
    });
    return this.starting;
  }

  private async launch(): Promise<LanguageClient> {
    const { serverPath, log } = this.services;
    // Imported with the first program, to keep activation fast.
    const { LanguageClient, TransportKind } = await import('vscode-languageclient/node');
    const options = await this.options();
    this.sentOptions = JSON.stringify(options);
    const client = new LanguageClient(
      'bpf-workbench',
      'BPF Workbench Language Server',
      {
        module: serverPath,
        transport: TransportKind.ipc,
        // The library copies this process's environment and applies this on top.
        options: { env: environmentOverlay('language-server') },
      },
      {
        documentSelector: [
          { scheme: 'file', language: 'c' },
          { scheme: 'untitled', language: 'c' },
        ],
        initializationOptions: options,
        outputChannel: log.channel,
        // Its Markdown contains comments and file names, so it must not run commands or use HTML.
        markdown: { isTrusted: false, supportHtml: false },
        // Different from the compiler's diagnostics.
        diagnosticCollectionName: 'bpf',
      },
    );
    await client.start();
    return client;
  }

  private async sendOptions(client: LanguageClient): Promise<void> {
    const options = await this.options();
    const text = JSON.stringify(options);
    if (text === this.sentOptions) return;
    this.sentOptions = text;
    await client.sendNotification('workspace/didChangeConfiguration', { settings: options });
  }

  private async options(): Promise<ServerOptions> {
    const { targets, includeFolder } = this.services;
    const { id } = await targets.decide(null);
    const folders = vscode.workspace.workspaceFolders?.map(folder => folder.uri.fsPath) ?? [];
    return {
      btfPath: id === 'vm' ? ((await newestCachedBtf(defaultCacheFolder())) ?? '') : '',
      includeFolders: [...folders, includeFolder],
      codeLens: vscode.workspace.getConfiguration().get<boolean>(SettingIds.codeLens, true),
      mayRunMake: vscode.workspace.isTrusted,
    };
  }
}
