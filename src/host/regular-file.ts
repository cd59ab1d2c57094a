import * as vscode from 'vscode';

/**
 * False for a FIFO or a device, and where there is nothing: VS Code would read them to their end. For paths that
 * clang's output or an object's line information names (#line), before they are opened as documents.
 */
export async function isRegularFile(uri: vscode.Uri): Promise<boolean> {
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return (type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}
