import path from 'node:path';
import * as vscode from 'vscode';
import { Cancelled, errors } from '../common/errors';
import { askText, type Choice, Heading, pickOne } from '../ui/inputs';
import { exists, type Template, type TemplateCatalogue } from './catalogue';

/**
 * Copies a template's sources into a folder and opens the program. Asks for missing arguments. Never overwrites: asks
 * for another name if it is taken. Returns the new program. Throws Cancelled, UserError.
 */
export async function createProgram(
  catalogue: TemplateCatalogue,
  given: { readonly template?: string | undefined; readonly folder?: vscode.Uri | undefined },
): Promise<vscode.Uri> {
  const template =
    (given.template === undefined ? undefined : await catalogue.find(given.template)) ??
    (await pickTemplate(catalogue));
  const folder = given.folder ?? (await pickFolder());
  const program = await freeName(vscode.Uri.joinPath(folder, `${template.manifest.name}.bpf.c`));

  // Copies the template's own headers too; documentation stays in the extension.
  const entries = await vscode.workspace.fs.readDirectory(template.folder);
  for (const [name] of entries.filter(([name]) => name.endsWith('.h'))) {
    const header = vscode.Uri.joinPath(folder, name);
    if (await exists(header)) throw errors.fileExists(header);
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(template.folder, name), header, { overwrite: false });
  }
  await vscode.workspace.fs.copy(template.source, program, { overwrite: false });
  await vscode.window.showTextDocument(program, { preview: false });
  return program;
}

async function pickTemplate(catalogue: TemplateCatalogue): Promise<Template> {
  const templates = await catalogue.all();
  const items: (Heading | (Choice & { readonly template: Template }))[] = [];
  let category = '';
  for (const template of templates) {
    if (template.manifest.category !== category) {
      category = template.manifest.category;
      items.push(new Heading(category));
    }
    items.push({
      label: template.manifest.title,
      description: template.manifest.name,
      detail: template.manifest.purpose,
      template,
    });
  }
  const picked = await pickOne(items, {
    title: 'New Program from Template',
    placeholder: 'What do you want to see?',
  });
  if (!picked) throw new Cancelled();
  return picked.template;
}

async function pickFolder(): Promise<vscode.Uri> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [only] = folders;
  if (only && folders.length === 1) return only.uri;
  if (folders.length > 1) {
    const folder = await vscode.window.showWorkspaceFolderPick({ placeHolder: 'Folder for the new program' });
    if (!folder) throw new Cancelled();
    return folder.uri;
  }
  const chosen = await vscode.window.showOpenDialog({
    title: 'Folder for the New Program',
    openLabel: 'Create Here',
    canSelectFiles: false,
    canSelectFolders: true,
  });
  if (!chosen?.[0]) throw new Cancelled();
  return chosen[0];
}

async function freeName(wanted: vscode.Uri): Promise<vscode.Uri> {
  if (!(await exists(wanted))) return wanted;
  const folder = vscode.Uri.joinPath(wanted, '..');
  const stem = path.basename(wanted.path, '.bpf.c');
  let proposal = 2;
  while (await exists(vscode.Uri.joinPath(folder, `${stem}_${proposal}.bpf.c`))) proposal++;
  const name = await askText({
    title: 'New Program from Template',
    prompt: `${stem}.bpf.c already exists in ${folder.fsPath}. Name of the new file:`,
    value: `${stem}_${proposal}.bpf.c`,
    selection: [0, `${stem}_${proposal}`.length],
    problemOf: async text => {
      if (!/^[A-Za-z_][\w-]*\.bpf\.c$/.test(text))
        return 'Name must end in .bpf.c and must not contain slashes.';
      return (await exists(vscode.Uri.joinPath(folder, text))) ? `${text} already exists.` : null;
    },
  });
  if (name === undefined) throw new Cancelled();
  return vscode.Uri.joinPath(folder, name);
}
