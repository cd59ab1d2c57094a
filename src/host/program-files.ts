import path from 'node:path';
import * as vscode from 'vscode';
import { errors } from './errors';

/** A BPF program's source by its name, the convention of libbpf's own tools. */
export function isProgramFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith('.bpf.c');
}

/** "vfsreadlat" of ".../vfsreadlat.bpf.c" or ".../vfsreadlat.bpf.o". */
export function programTitle(uri: vscode.Uri): string {
  return path.basename(uri.path).replace(/(\.bpf)?\.[co]$/, '');
}

/**
 * The program a command is about: its argument (menus, tests), else the active editor. Saved first, because clang
 * reads the disk. Throws UserError when there is none.
 */
export async function programOf(argument: unknown): Promise<vscode.Uri> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (!uri || !isProgramFile(uri)) throw errors.noProgram();
  if (uri.scheme !== 'file') throw errors.notAFile(uri);
  const document = vscode.workspace.textDocuments.find(open => open.uri.toString() === uri.toString());
  if (document?.isDirty) await document.save();
  return uri;
}

/** Refuses in code what menus only hide: throws UserError in a workspace that is not trusted. */
export function requireTrust(what: string): void {
  if (!vscode.workspace.isTrusted) throw errors.untrusted(what);
}
