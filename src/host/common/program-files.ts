import path from 'node:path';
import * as vscode from 'vscode';
import { pickOne } from '../ui/inputs';
import { Cancelled, errors } from './errors';

/** True for a BPF program's source by its file name, following the convention of libbpf's tools. */
export function isProgramFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith('.bpf.c');
}

/** Returns "vfsreadlat" for ".../vfsreadlat.bpf.c" or ".../vfsreadlat.bpf.o". */
export function programTitle(uri: vscode.Uri): string {
  return path.basename(uri.path).replace(/(\.bpf)?\.[co]$/, '');
}

/**
 * The program a command applies to: its argument (menus, tests), else the active editor; if that is not text, as in the
 * walkthrough, a program that is open in a tab. Saves it first, because clang reads the file on disk. Throws UserError
 * if there is none, Cancelled if the user chose none.
 */
export async function programOf(argument: unknown): Promise<vscode.Uri> {
  const uri = argument instanceof vscode.Uri ? argument : await programInFront();
  if (!uri || !isProgramFile(uri)) throw errors.noProgram();
  if (uri.scheme !== 'file') throw errors.notAFile(uri);
  const document = vscode.workspace.textDocuments.find(open => open.uri.toString() === uri.toString());
  if (document?.isDirty) await document.save();
  return uri;
}

async function programInFront(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active) return active;
  const [first, ...others] = programsInTabs();
  if (!first || others.length === 0) return first;
  const picked = await pickOne(
    [first, ...others].map(uri => ({ label: path.basename(uri.path), description: uri.fsPath, uri })),
    { placeholder: 'Which program?' },
  );
  if (!picked) throw new Cancelled();
  return picked.uri;
}

/** Programs open in tabs, in tab order, each once. */
export function programsInTabs(): vscode.Uri[] {
  const programs = vscode.window.tabGroups.all
    .flatMap(group => group.tabs)
    .flatMap(({ input }) =>
      input instanceof vscode.TabInputText && isProgramFile(input.uri) ? [input.uri] : [],
    );
  return [...new Map(programs.map(uri => [uri.toString(), uri])).values()];
}

/** Enforces what menus only hide: throws UserError if the workspace is not trusted. */
export function requireTrust(what: string): void {
  if (!vscode.workspace.isTrusted) throw errors.untrusted(what);
}
