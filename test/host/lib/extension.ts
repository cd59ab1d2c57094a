/** What the host tests share: the running extension, its workspace, and waiting for events with a deadline. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { ExtensionForTests } from '../../../src/host/extension';

export const EXTENSION_ID = 'bpf-workbench.bpf-workbench';

export async function activeExtension(): Promise<vscode.Extension<ExtensionForTests>> {
  const extension = vscode.extensions.getExtension<ExtensionForTests>(EXTENSION_ID);
  assert.ok(extension, `${EXTENSION_ID} is not installed in this window`);
  await extension.activate();
  return extension;
}

export function workspaceFolder(): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'the window has no workspace folder');
  return folder.uri;
}

/** Resolves with `probe`'s first value that is not undefined: asked now and each time `event` fires. Rejects after `withinMs`. */
export function until<T>(
  what: string,
  event: vscode.Event<unknown>,
  probe: () => T | undefined,
  withinMs = deadlineMs(30_000),
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      subscription.dispose();
      reject(new Error(`not within ${withinMs / 1000} s: ${what}`));
    }, withinMs);
    const look = () => {
      const value = probe();
      if (value === undefined) return;
      clearTimeout(timer);
      subscription.dispose();
      resolve(value);
    };
    const subscription = event(look);
    look();
  });
}

/** Writes a file into a fresh folder of the workspace and returns it; `remove` deletes the folder. */
export async function scratchProgram(
  name: string,
  text: string,
): Promise<{ readonly file: vscode.Uri; readonly folder: vscode.Uri; remove(): Promise<void> }> {
  const folder = vscode.Uri.joinPath(workspaceFolder(), `scratch-${process.hrtime.bigint()}`);
  await vscode.workspace.fs.createDirectory(folder);
  const file = vscode.Uri.joinPath(folder, name);
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  return {
    file,
    folder,
    remove: async () => {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await vscode.workspace.fs.delete(folder, { recursive: true });
    },
  };
}
