import * as vscode from 'vscode';
import { escapeLines } from '../../shared/text/escape';

/**
 * The output channel 'BPF Workbench', with VS Code's levels and timestamps. It never opens by itself. Control
 * characters are escaped and further lines of an entry are indented, so that no text can imitate an entry of its own.
 */
export class Log implements vscode.Disposable {
  /** For the language client, which writes to it directly. */
  readonly channel = vscode.window.createOutputChannel('BPF Workbench', { log: true });

  debug(text: string): void {
    this.channel.debug(entry(text));
  }

  info(text: string): void {
    this.channel.info(entry(text));
  }

  warn(text: string): void {
    this.channel.warn(entry(text));
  }

  error(text: string): void {
    this.channel.error(entry(text));
  }

  show(): void {
    this.channel.show();
  }

  dispose(): void {
    this.channel.dispose();
  }
}

function entry(text: string): string {
  return escapeLines(text).replaceAll('\n', '\n    ');
}
