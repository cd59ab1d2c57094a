/**
 * BPF: Export as …: compiles the program, generates the other engine's files (shared/export) and writes them into a new
 * folder beside the program. Never overwrites existing files.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { systemErrno } from '../../shared/errors/system-errno';
import type { Exported, ExportInput } from '../../shared/export/model';
import { readObject } from '../../shared/object/object';
import { readUntrustedFile } from '../../system/untrusted-file';
import { Cancelled, errors, UserError } from '../common/errors';
import type { Log } from '../common/log';
import { programOf, programTitle, requireTrust } from '../common/program-files';
import type { CompileTasks } from '../compile/task-provider';
import { exists, type TemplateCatalogue } from '../templates/catalogue';
import { askText } from '../ui/inputs';
import { notify } from '../ui/messages';

export interface ExportServices {
  readonly tasks: CompileTasks;
  readonly templates: TemplateCatalogue;
  /** Folder that contains bpfw.h. */
  readonly includeFolder: string;
  readonly log: Log;
}

export interface Engine {
  readonly title: string;
  /** Suffix of the proposed folder, after the program's name. */
  readonly folderSuffix: string;
  readonly opens: (name: string) => string;
  /** What the user runs next, for the message. */
  readonly next: (name: string) => string;
  /** Loaded on first use, because it needs a YAML library. */
  readonly write: (input: ExportInput) => Promise<Exported>;
}

export const inspektorGadget: Engine = {
  title: 'Export as Inspektor Gadget',
  folderSuffix: 'gadget',
  opens: () => 'gadget.yaml',
  next: name => `Build it with: sudo ig image build . -t ${name}`,
  write: async input => (await import('../../shared/export/writers')).exportInspektorGadget(input),
};

export const ebpfExporter: Engine = {
  title: 'Export as ebpf_exporter Config',
  folderSuffix: 'exporter',
  opens: name => `${name}.yaml`,
  next: name =>
    `Compile ${name}.bpf.c to ${name}.bpf.o, then: ebpf_exporter --config.dir=. --config.names=${name}`,
  write: async input => (await import('../../shared/export/writers')).exportEbpfExporter(input),
};

/** Resolves with the folder that was written. Throws Cancelled, UserError, ExportError, and the errors of compiling. */
export async function exportProgram(
  services: ExportServices,
  engine: Engine,
  argument: unknown,
  givenFolder: unknown,
): Promise<vscode.Uri> {
  requireTrust('Exporting');
  const program = await programOf(argument);
  const name = programTitle(program);
  const compiled = await services.tasks.run(program);
  if (compiled.objectPath === null) {
    const count = compiled.diagnostics.filter(diagnostic => diagnostic.severity === 'error').length;
    throw errors.compileFailed(path.basename(program.path), Math.max(1, count));
  }
  const source = await readFile(program.fsPath, 'utf8');
  const template = await services.templates.find(name);
  const { files, notes } = await engine.write({
    name,
    description: template?.manifest.purpose ?? `${name}, written with BPF Workbench`,
    source,
    object: readObject(await readFile(compiled.objectPath), `${name}.bpf.o`),
    headers: await ownHeaders(source, program, services.includeFolder),
  });
  const folder = givenFolder instanceof vscode.Uri ? givenFolder : await askFolder(program, name, engine);
  if (await exists(folder)) throw folderExists(folder);
  await vscode.workspace.fs.createDirectory(folder);
  for (const file of files) {
    const bytes = new TextEncoder().encode(file.text);
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder, file.name), bytes);
  }
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, engine.opens(name)), { preview: false });
  for (const note of notes) services.log.info(`${name}, ${engine.title}: ${note}`);
  notifyWritten(folder, engine.next(name), notes, services.log);
  return folder;
}

/** Headers included with quotes that are beside the program or part of the extension. */
async function ownHeaders(source: string, program: vscode.Uri, includeFolder: string) {
  const names = [...source.matchAll(/^\s*#\s*include\s+"([\w.-]+\.h)"/gm)].map(match => match[1] ?? '');
  const pending = names.filter(name => name !== 'vmlinux.h');
  const headers = new Map<string, string>();
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (headers.has(name)) continue;
    const text = await readFirst([path.dirname(program.fsPath), includeFolder], name);
    if (text === null) continue; // a system header: the other engine's builder has it
    headers.set(name, text);
    for (const [, nested = ''] of text.matchAll(/^\s*#\s*include\s+"([\w.-]+\.h)"/gm)) pending.push(nested);
  }
  return [...headers].map(([name, text]) => ({ name, text }));
}

const HEADER_BYTES = 16 << 20;

async function readFirst(folders: readonly string[], name: string): Promise<string | null> {
  for (const folder of folders) {
    try {
      return (await readUntrustedFile(path.join(folder, name), HEADER_BYTES)).toString();
    } catch (error) {
      if (systemErrno(error) !== 'ENOENT') throw error;
    }
  }
  return null;
}

async function askFolder(program: vscode.Uri, name: string, engine: Engine): Promise<vscode.Uri> {
  const parent = vscode.Uri.joinPath(program, '..');
  const wanted = `${name}-${engine.folderSuffix}`;
  const chosen = await askText({
    title: engine.title,
    prompt: `Name of the new folder in ${parent.fsPath}:`,
    value: wanted,
    // Compiling took a while: the box must not close because something else has the focus by now.
    staysOpen: true,
    problemOf: async text => {
      if (!/^[\w][\w.-]*$/.test(text)) return 'Name must not contain slashes.';
      return (await exists(vscode.Uri.joinPath(parent, text))) ? `${text} already exists.` : null;
    },
  });
  if (chosen === undefined) throw new Cancelled();
  return vscode.Uri.joinPath(parent, chosen);
}

function folderExists(folder: vscode.Uri): UserError {
  return new UserError(`${folder.fsPath} already exists and was not changed. Choose another folder.`);
}

/** The notes are long, so they go to the log and the message links to it. */
function notifyWritten(folder: vscode.Uri, next: string, notes: readonly string[], log: Log): void {
  const count = notes.length === 1 ? '1 difference' : `${notes.length} differences`;
  const text = `Written to ${folder.fsPath}. ${next}${notes.length > 0 ? ` ${count} from BPF Workbench: see the log.` : ''}`;
  const buttons = notes.length > 0 ? ['Show Log'] : [];
  void notify('information', text, ...buttons).then(choice => choice && log.show());
}
