import * as vscode from 'vscode';
import { escapeLines } from '../../shared/text/escape';

/** A terminal for our own output. Control characters are shown escaped, because clang's output quotes the program. */
export abstract class TextTerminal implements vscode.Pseudoterminal {
  private readonly writes = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.writes.event;
  private readonly closes = new vscode.EventEmitter<number>();
  readonly onDidClose = this.closes.event;

  abstract open(): void;
  abstract close(): void;

  protected write(text: string): void {
    this.writes.fire(escapeLines(text).replaceAll('\n', '\r\n'));
  }

  protected ended(exitCode: number): void {
    this.closes.fire(exitCode);
  }
}
