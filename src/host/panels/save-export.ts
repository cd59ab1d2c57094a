import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormat } from '../../shared/protocol/webview-exports';
import { escapeMessage, escapeText } from '../../shared/text/escape';

const FORMATS: Readonly<Record<ExportFormat, { readonly name: string; readonly extension: string }>> = {
  csv: { name: 'CSV', extension: 'csv' },
  ndjson: { name: 'NDJSON', extension: 'ndjson' },
  json: { name: 'JSON', extension: 'json' },
  svg: { name: 'SVG drawing', extension: 'svg' },
  png: { name: 'PNG picture', extension: 'png' },
  folded: { name: 'Folded stacks', extension: 'folded' },
  speedscope: { name: 'speedscope profile', extension: 'json' },
};

/**
 * Writes a page's export to `file`, or to a location the user picks; resolves with it, or null if the user cancelled.
 * The suggested name contains strings from the traced system: only its last path component is used.
 */
export async function saveExport(
  format: ExportFormat,
  name: string,
  content: string | ArrayBuffer,
  file: vscode.Uri | null,
): Promise<vscode.Uri | null> {
  const { name: formatName, extension } = FORMATS[format];
  const fileName = escapeText(path.basename(name)) || `export.${extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target =
    file ??
    (await vscode.window.showSaveDialog({
      title: escapeMessage(`Export ${formatName}`),
      filters: { [formatName]: [extension] },
      ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, fileName) } : {}),
    }));
  if (!target) return null;
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
  await vscode.workspace.fs.writeFile(target, bytes);
  return target;
}
