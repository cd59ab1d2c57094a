import * as vscode from 'vscode';
import { escapeLines } from '../shared/text/escape';

/**
 * The output channel 'BPF Workbench': levels and times are VS Code's own. It is never raised by itself. Control characters
 * are shown escaped, and only an entry's first line stands at the margin: no text can look like an entry of its own.
 */
export class Log implements vscode.Disposable {
  /** For the language server's client, which writes to it by itself. */
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
