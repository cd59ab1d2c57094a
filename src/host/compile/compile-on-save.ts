import * as vscode from 'vscode';
import { toUserError } from '../common/errors';
import type { Log } from '../common/log';
import { isProgramFile } from '../common/program-files';
import { settings } from '../common/settings';
import type { ProgramCompiler } from './compiler';

/**
 * Compiles a program in the background when it is opened or saved, so that problems show at once and ▶ finds the object
 * in the cache. Missing tools are only logged: they are reported when the user runs a command.
 */
export class CompileOnSave implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private readonly running = new Map<string, AbortController>();

  constructor(
    private readonly compiler: ProgramCompiler,
    private readonly log: Log,
  ) {
    this.subscriptions = [
      vscode.workspace.onDidSaveTextDocument(document => void this.compile(document)),
      vscode.window.onDidChangeActiveTextEditor(editor => {
        if (editor) void this.compile(editor.document);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.compileActive()),
    ];
    this.compileActive();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    for (const controller of this.running.values()) controller.abort();
  }

  private compileActive(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document) void this.compile(document);
  }

  private async compile({ uri, isDirty }: vscode.TextDocument): Promise<void> {
    if (!vscode.workspace.isTrusted || uri.scheme !== 'file' || !isProgramFile(uri) || isDirty) return;
    if (!settings.compileOnSave(uri)) return;
    const key = uri.toString();
    this.running.get(key)?.abort();
    const controller = new AbortController();
    this.running.set(key, controller);
    try {
      await this.compiler.compileQuietly(uri, controller.signal);
    } catch (error) {
      if (!controller.signal.aborted)
        this.log.info(`background compile of ${uri.fsPath}: ${toUserError(error)?.message}`);
    } finally {
      if (this.running.get(key) === controller) this.running.delete(key);
    }
  }
}
