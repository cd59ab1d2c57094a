import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormat } from '../../shared/protocol/webview';

const FORMAT_NAMES: Readonly<Record<ExportFormat, string>> = {
  csv: 'CSV',
  ndjson: 'NDJSON',
  json: 'JSON',
  svg: 'SVG picture',
  png: 'PNG picture',
  folded: 'Folded stacks',
  speedscope: 'speedscope profile',
};

/** Asks where and writes it; does nothing when the person cancels. The page's name is a suggestion: only its last part counts. */
export async function saveExport(
  format: ExportFormat,
  name: string,
  content: string | ArrayBuffer,
): Promise<void> {
  const fileName = path.basename(name) || `export.${format}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: `Export ${FORMAT_NAMES[format]}`,
    filters: { [FORMAT_NAMES[format]]: [path.extname(fileName).slice(1) || format] },
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, fileName) } : {}),
  });
  if (!target) return;
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
  await vscode.workspace.fs.writeFile(target, bytes);
}
