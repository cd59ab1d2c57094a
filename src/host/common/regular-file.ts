import * as vscode from 'vscode';

/**
 * False for a FIFO or a device, which VS Code would read without end, and for a missing file. For paths from clang's
 * output or an object's line information (#line), before they are opened as documents.
 */
export async function isRegularFile(uri: vscode.Uri): Promise<boolean> {
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return (type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}
