/** Asks, once per compilation, where headers are that clang did not find. */
import path from 'node:path';
import * as vscode from 'vscode';
import { pickOne } from '../ui/inputs';

export class HeaderQuestion {
  /** The folders that are to be searched from now on. */
  readonly agreed: string[] = [];

  constructor(private readonly program: vscode.Uri) {}

  /** A folder for the header, or null if the user wants none; further headers are taken from the nearest folder that has them. */
  readonly choose = async (header: string, folders: readonly string[]): Promise<string | null> => {
    const folder = this.agreed.length > 0 ? folders[0] : await this.ask(header, folders);
    if (folder !== undefined) this.agreed.push(folder);
    return folder ?? null;
  };

  private async ask(header: string, folders: readonly string[]): Promise<string | undefined> {
    const choices = folders.map(folder => ({
      icon: 'folder',
      label: vscode.workspace.asRelativePath(folder),
      description: folder,
      folder,
    }));
    const picked = await pickOne(choices, {
      title: `${path.basename(this.program.path)}: where is ${header}?`,
      placeholder:
        'The folder is added to bpf.includePaths of this workspace, and so are those of other headers that are missing',
    });
    return picked?.folder;
  }
}
