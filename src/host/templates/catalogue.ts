import * as v from 'valibot';
import * as vscode from 'vscode';
import { type TemplateManifest, TemplateManifestSchema } from '../../shared/template/manifest';
import type { Log } from '../log';

export interface Template {
  readonly manifest: TemplateManifest;
  readonly folder: vscode.Uri;
  readonly source: vscode.Uri;
  /** Null when the template has none. */
  readonly readme: vscode.Uri | null;
}

/** The templates that came with the extension. Read once, when something first asks. */
export class TemplateCatalogue {
  private loading: Promise<readonly Template[]> | null = null;

  constructor(
    private readonly root: vscode.Uri,
    private readonly log: Log,
  ) {}

  /** By category (in the schema's order), then title. A folder whose template.json is wrong is logged and left out. */
  all(): Promise<readonly Template[]> {
    this.loading ??= this.load();
    return this.loading;
  }

  async find(name: string): Promise<Template | undefined> {
    return (await this.all()).find(template => template.manifest.name === name);
  }

  private async load(): Promise<readonly Template[]> {
    const entries = await vscode.workspace.fs.readDirectory(this.root);
    const folders = entries.filter(
      ([name, type]) => type === vscode.FileType.Directory && name !== 'include',
    );
    const templates = await Promise.all(
      folders.map(([name]) => this.read(vscode.Uri.joinPath(this.root, name))),
    );
    return templates.filter(template => template !== null).sort(byCategoryThenTitle);
  }

  private async read(folder: vscode.Uri): Promise<Template | null> {
    try {
      const text = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, 'template.json'));
      const manifest = v.parse(TemplateManifestSchema, JSON.parse(new TextDecoder().decode(text)));
      const source = vscode.Uri.joinPath(folder, `${manifest.name}.bpf.c`);
      await vscode.workspace.fs.stat(source);
      const readme = vscode.Uri.joinPath(folder, 'README.md');
      const hasReadme = await exists(readme);
      return { manifest, folder, source, readme: hasReadme ? readme : null };
    } catch (error) {
      this.log.error(
        `${folder.fsPath} is not a usable template: ${error instanceof Error ? error.message : error}`,
      );
      return null;
    }
  }
}

export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    // FileNotFound; anything else shows when the file is used.
    return false;
  }
}

export const CATEGORIES = TemplateManifestSchema.entries.category.options;

function byCategoryThenTitle(a: Template, b: Template): number {
  return (
    CATEGORIES.indexOf(a.manifest.category) - CATEGORIES.indexOf(b.manifest.category) ||
    a.manifest.title.localeCompare(b.manifest.title)
  );
}
