import * as vscode from 'vscode';
import type { ShownAs } from './shown-as';

/** How users chose that something of a program is shown, by program path; stored per workspace. */
export class RememberedChoices {
  private readonly changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changes.event;

  constructor(private readonly memento: vscode.Memento) {}

  get(program: vscode.Uri): ShownAs {
    return this.memento.get<ShownAs>(this.key(program), {});
  }

  /** null: shown by its name again. */
  async set(program: vscode.Uri, of: string, value: string | null): Promise<void> {
    const { [of]: _, ...others } = this.get(program);
    await this.memento.update(this.key(program), value === null ? others : { ...others, [of]: value });
    this.changes.fire();
  }

  private key(program: vscode.Uri): string {
    return `shownAs:${program.toString()}`;
  }
}
