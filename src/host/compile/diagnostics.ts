/**
 * clang's diagnostics in the editor: ranges, notes as related information, fix-its as code actions. The collection is
 * separate from the problem matcher's, because VS Code clears a matcher's diagnostics when its task ends.
 */
import * as vscode from 'vscode';
import type { CompileDiagnostic, Fixit } from '../../compile/diagnostics';
import { DIAGNOSTIC_OWNER } from '../common/command-ids';
import { isRegularFile } from '../common/regular-file';
import { diagnostic, quickFix, type RelatedPlace } from '../ui/items';
import { utf16Column, wordEnd } from './diagnostic-text';

/** A file's lines as clang read them: from the open document (saved before compiling), else from disk. */
class SourceLines {
  private readonly files = new Map<string, Promise<readonly string[]>>();

  async line(file: string, line: number): Promise<string> {
    const known = this.files.get(file) ?? readLines(file);
    this.files.set(file, known);
    return (await known)[line - 1] ?? '';
  }
}

async function readLines(file: string): Promise<readonly string[]> {
  try {
    const uri = vscode.Uri.file(file);
    if (!(await isRegularFile(uri))) return [];
    const document = await vscode.workspace.openTextDocument(uri);
    return document.getText().split(/\r?\n/);
  } catch {
    // For an unreadable header the line number is still shown.
    return [];
  }
}

export class CompileDiagnostics implements vscode.CodeActionProvider, vscode.Disposable {
  static readonly actionKinds = [vscode.CodeActionKind.QuickFix];

  private readonly collection = vscode.languages.createDiagnosticCollection(DIAGNOSTIC_OWNER);
  /** Files with diagnostics, by the program that caused them: a header's are removed with the program's next result. */
  private readonly filesOf = new Map<string, readonly vscode.Uri[]>();
  private readonly fixes = new WeakMap<
    vscode.Diagnostic,
    readonly { edit: vscode.WorkspaceEdit; title: string }[]
  >();

  /** Replaces the diagnostics of earlier compilations of `program`. */
  async publish(program: vscode.Uri, diagnostics: readonly CompileDiagnostic[]): Promise<void> {
    const lines = new SourceLines();
    const byFile = new Map<string, vscode.Diagnostic[]>([[program.fsPath, []]]);
    for (const diagnostic of diagnostics) {
      const file = diagnostic.file || program.fsPath;
      byFile.set(file, [...(byFile.get(file) ?? []), await this.convert(file, diagnostic, lines)]);
    }
    const entries = [...byFile].map(([file, list]) => [vscode.Uri.file(file), list] as const);
    const gone = (this.filesOf.get(program.fsPath) ?? []).filter(uri => !byFile.has(uri.fsPath));
    for (const uri of gone) this.collection.delete(uri);
    for (const [uri, list] of entries) this.collection.set(uri, list);
    this.filesOf.set(
      program.fsPath,
      entries.map(([uri]) => uri),
    );
  }

  provideCodeActions(
    _document: vscode.TextDocument,
    _range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return context.diagnostics.flatMap(asked => {
      const fixes = this.fixesFor(_document.uri, asked);
      return fixes.map(fix => {
        const action = quickFix(fix.title, fix.edit, asked);
        action.isPreferred = fixes.length === 1;
        return action;
      });
    });
  }

  dispose(): void {
    this.collection.dispose();
  }

  /** VS Code passes back equal diagnostics, not the same objects. */
  private fixesFor(uri: vscode.Uri, asked: vscode.Diagnostic) {
    const own = (this.collection.get(uri) ?? []).find(
      candidate => candidate.message === asked.message && candidate.range.isEqual(asked.range),
    );
    return own ? (this.fixes.get(own) ?? []) : [];
  }

  private async convert(
    file: string,
    from: CompileDiagnostic,
    lines: SourceLines,
  ): Promise<vscode.Diagnostic> {
    const range = await rangeOf(file, from.line, from.column, from.endColumn, lines);
    const severity =
      from.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
    const related = await Promise.all(
      from.notes
        .filter(note => note.file !== '')
        .map(
          async (note): Promise<RelatedPlace> => ({
            location: new vscode.Location(
              vscode.Uri.file(note.file),
              await rangeOf(note.file, note.line, note.column, undefined, lines),
            ),
            message: note.message,
          }),
        ),
    );
    const shown = diagnostic({
      range,
      message: from.message,
      severity,
      source: 'clang',
      code: from.flag,
      related,
    });
    if (/^-Wunused/.test(from.flag)) shown.tags = [vscode.DiagnosticTag.Unnecessary];
    if (from.fixits.length > 0) this.fixes.set(shown, [await fixOf(from, lines)]);
    return shown;
  }
}

async function rangeOf(
  file: string,
  line: number,
  column: number,
  endColumn: number | undefined,
  lines: SourceLines,
): Promise<vscode.Range> {
  if (line < 1) return new vscode.Range(0, 0, 0, 0);
  const text = await lines.line(file, line);
  const start = utf16Column(text, column);
  const end = endColumn === undefined ? wordEnd(text, start) : utf16Column(text, endColumn);
  return new vscode.Range(line - 1, start, line - 1, Math.max(start, end));
}

/** clang means all fix-its of a diagnostic as one change, so they are applied together. */
async function fixOf(from: CompileDiagnostic, lines: SourceLines) {
  const edit = new vscode.WorkspaceEdit();
  for (const fixit of from.fixits) {
    edit.replace(vscode.Uri.file(fixit.file), await fixRange(fixit, lines), fixit.text);
  }
  return { edit, title: fixTitle(from) };
}

async function fixRange(fixit: Fixit, lines: SourceLines): Promise<vscode.Range> {
  const start = utf16Column(await lines.line(fixit.file, fixit.line), fixit.column);
  const end = utf16Column(await lines.line(fixit.file, fixit.endLine), fixit.endColumn);
  return new vscode.Range(fixit.line - 1, start, fixit.endLine - 1, end);
}

function fixTitle(from: CompileDiagnostic): string {
  const [only] = from.fixits;
  if (!only || from.fixits.length > 1) return `Apply clang's fix: ${from.message}`;
  const inserts = only.line === only.endLine && only.column === only.endColumn;
  if (only.text === '') return "Remove it (clang's fix)";
  return inserts ? `Insert '${only.text}'` : `Change to '${only.text}'`;
}
