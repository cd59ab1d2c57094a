import type * as vscode from 'vscode';

/** The last values of a program's parameters, by program path; stored per workspace. */
export class RememberedParameters {
  constructor(private readonly memento: vscode.Memento) {}

  get(program: vscode.Uri): ReadonlyMap<string, string> {
    return new Map(Object.entries(this.memento.get<Record<string, string>>(this.key(program), {})));
  }

  async set(program: vscode.Uri, values: ReadonlyMap<string, string>): Promise<void> {
    await this.memento.update(this.key(program), Object.fromEntries(values));
  }

  private key(program: vscode.Uri): string {
    return `parameters:${program.toString()}`;
  }
}
