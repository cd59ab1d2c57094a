import path from 'node:path';
import * as vscode from 'vscode';
import type { TemplateManifest } from '../../shared/template/manifest';
import { readCatalogue } from '../../templates/catalogue';
import type { Log } from '../common/log';

export interface Template {
  readonly manifest: TemplateManifest;
  readonly folder: vscode.Uri;
  readonly source: vscode.Uri;
  /** Null if the template has none. */
  readonly readme: vscode.Uri | null;
}

/** The templates included in the extension. Read once, on first use. */
export class TemplateCatalogue {
  private loading: Promise<readonly Template[]> | null = null;

  constructor(
    private readonly root: vscode.Uri,
    private readonly log: Log,
  ) {}

  /** In the catalogue's order. An invalid template is logged and skipped. */
  all(): Promise<readonly Template[]> {
    this.loading ??= this.load();
    return this.loading;
  }

  async find(name: string): Promise<Template | undefined> {
    return (await this.all()).find(template => template.manifest.name === name);
  }

  private async load(): Promise<readonly Template[]> {
    const templates = await readCatalogue(this.root.fsPath, problem =>
      this.log.error(`template skipped: ${problem.message}`),
    );
    return Promise.all(
      templates.map(async ({ manifest, folder, sourcePath }) => {
        const readme = vscode.Uri.file(path.join(folder, 'README.md'));
        return {
          manifest,
          folder: vscode.Uri.file(folder),
          source: vscode.Uri.file(sourcePath),
          readme: (await exists(readme)) ? readme : null,
        };
      }),
    );
  }
}

export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    // FileNotFound; any other error shows when the file is used.
    return false;
  }
}
