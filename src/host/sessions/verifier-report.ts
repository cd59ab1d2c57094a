/**
 * Explains the kernel's log of a rejected program: a diagnostic on the C line with the places that led there, a hover
 * with the reason and what to do, and the whole log as a read-only document.
 */
import * as vscode from 'vscode';
import { TracerRequestError } from '../../session/targets/tracer-connection';
import type { BpfObject } from '../../shared/object/model';
import { escapeText } from '../../shared/text/escape';
import { entryOf } from '../../shared/verifier/catalogue';
import { explainLog, type VerifierDiagnostic } from '../../shared/verifier/explain';
import { CommandIds, ContextKeys } from '../common/command-ids';
import { errors, type UserError } from '../common/errors';
import { isRegularFile } from '../common/regular-file';
import { utf16Column, wordEnd } from '../compile/diagnostic-text';
import { diagnostic, type RelatedPlace } from '../ui/items';
import { type HoverPart, hover } from '../ui/markdown';
import { KeptLogs } from './kept-logs';

const SCHEME = 'bpf-verifier-log';

/** True for a rejection with a reason: from the verifier, or from libbpf before loading. */
export function isExplainable(error: unknown): error is TracerRequestError {
  if (!(error instanceof TracerRequestError)) return false;
  if (error.code === 'verifier-rejected') return true;
  return error.code === 'object-rejected' && (error.data.libbpfLog ?? []).length > 0;
}

interface Explained {
  readonly range: vscode.Range;
  readonly diagnostic: VerifierDiagnostic;
}

export class VerifierReports
  implements vscode.TextDocumentContentProvider, vscode.HoverProvider, vscode.Disposable
{
  private readonly collection = vscode.languages.createDiagnosticCollection('bpf-verifier');
  private readonly logs = new KeptLogs();
  private readonly logChanges = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.logChanges.event;
  private latest: vscode.Uri | null = null;
  /** Explanations in a file, by its URI. */
  private readonly explained = new Map<string, readonly Explained[]>();
  /** Files with diagnostics, by the program that caused them. */
  private readonly filesOf = new Map<string, readonly vscode.Uri[]>();
  private readonly registrations = [
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.languages.registerHoverProvider([{ language: 'c' }, { language: 'cpp' }], this),
  ];

  /** `documentation`: the page with an anchor per code. */
  constructor(private readonly documentation: vscode.Uri) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.logs.get(uri.toString()) ??
      'This log is no longer available: only the latest logs are kept, until the window is closed.'
    );
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | null {
    const here = this.explained.get(document.uri.toString())?.find(each => each.range.contains(position));
    if (!here) return null;
    const parts: HoverPart[] = [{ kind: 'text', text: here.diagnostic.explanation }];
    const example = entryOf(here.diagnostic.code)?.example;
    if (example) {
      parts.push({ kind: 'text', text: 'Instead of' }, { kind: 'code', text: example.wrong, language: 'c' });
      parts.push({ kind: 'text', text: 'write' }, { kind: 'code', text: example.right, language: 'c' });
    }
    parts.push({
      kind: 'commands',
      commands: [
        { label: 'Show whole log', command: CommandIds.showVerifierLog },
        { label: 'All rejections', command: 'markdown.showPreview', arguments: [this.documentation] },
      ],
    });
    return hover(parts, here.range);
  }

  /** Removes the diagnostics of an earlier attempt with this program; call it before each load. */
  clear(program: vscode.Uri): void {
    for (const file of this.filesOf.get(program.toString()) ?? []) {
      this.collection.delete(file);
      this.explained.delete(file.toString());
    }
    this.filesOf.delete(program.toString());
  }

  /** Publishes the rejection and returns the error to show. */
  async report(program: vscode.Uri, object: BpfObject, rejection: TracerRequestError): Promise<UserError> {
    const { data } = rejection;
    const messages = [...(data.libbpfLog ?? []), ...(data.errnoName === undefined ? [] : [data.errnoName])];
    const log = rejection.verifierLog ?? messages.join('\n');
    const name = data.program ?? object.name;
    const uri = this.keep(name, log);
    const diagnostics = explainLog(rejection.verifierLog ?? '', {
      object,
      program: data.program,
      file: program.fsPath,
      source: await sourceOf(program),
      messages,
    }).flatMap(each => each.diagnostics);
    this.clear(program);
    for (const diagnostic of diagnostics) await this.publish(program, name, diagnostic);
    const [first] = diagnostics;
    return errors.verifierRejected(
      name,
      first?.message ?? rejection.message,
      (first?.reporter ?? 'kernel') === 'kernel',
      () => this.show(uri),
    );
  }

  /** Opens the latest log at its end, where the reason is. */
  async show(uri: vscode.Uri | null = this.latest): Promise<void> {
    if (!uri) return;
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    const end = document.lineAt(document.lineCount - 1).range.end;
    editor.revealRange(new vscode.Range(end, end));
  }

  dispose(): void {
    for (const registration of this.registrations) registration.dispose();
    this.collection.dispose();
    this.logChanges.dispose();
  }

  private async publish(program: vscode.Uri, name: string, found: VerifierDiagnostic): Promise<void> {
    const file = await sourceUri(found.file, program);
    const range = await rangeOf(file, found);
    const related = await Promise.all(
      found.related.map(async (place): Promise<RelatedPlace> => {
        const uri = await sourceUri(place.file, program);
        return { location: new vscode.Location(uri, await rangeOf(uri, place)), message: place.message };
      }),
    );
    const shown = diagnostic({
      range,
      message: `${name}: ${found.message}`,
      severity: vscode.DiagnosticSeverity.Error,
      source: 'BPF verifier',
      code: { text: found.code, page: this.documentation.with({ fragment: found.code }) },
      related,
    });
    this.collection.set(file, [...(this.collection.get(file) ?? []), shown]);
    const known = this.explained.get(file.toString()) ?? [];
    this.explained.set(file.toString(), [...known, { range, diagnostic: found }]);
    this.filesOf.set(program.toString(), [...(this.filesOf.get(program.toString()) ?? []), file]);
  }

  private keep(name: string, log: string): vscode.Uri {
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${escapeText(name)} verifier log`,
    });
    this.logs.set(uri.toString(), log);
    this.logChanges.fire(uri);
    this.latest = uri;
    void vscode.commands.executeCommand('setContext', ContextKeys.hasVerifierLog, true);
    return uri;
  }
}

/** For what is declared in the source and has no instructions; undefined for an object file. */
async function sourceOf(program: vscode.Uri): Promise<{ file: string; text: string } | undefined> {
  if (!program.path.endsWith('.c') || !(await isRegularFile(program))) return undefined;
  return { file: program.fsPath, text: (await vscode.workspace.openTextDocument(program)).getText() };
}

/** Line information contains the path as passed to clang; a relative one is resolved against the program's folder. */
async function sourceUri(file: string, program: vscode.Uri): Promise<vscode.Uri> {
  const candidates = file.startsWith('/')
    ? [vscode.Uri.file(file)]
    : [
        vscode.Uri.joinPath(program, '..', file),
        vscode.Uri.joinPath(program, '..', file.replace(/^.*\//, '')),
      ];
  for (const candidate of candidates) {
    if (await isRegularFile(candidate)) return candidate;
  }
  // Compiled on another machine.
  return program;
}

/** From the column to the end of its word; the whole line if the column is unknown. */
async function rangeOf(
  file: vscode.Uri,
  place: { line: number | null; column: number | null },
): Promise<vscode.Range> {
  // A failure that is about no line has to be shown somewhere in the file: at its beginning, nothing underlined.
  if (place.line === null) return new vscode.Range(0, 0, 0, 0);
  const at = Math.max(0, place.line - 1);
  try {
    const line = (await vscode.workspace.openTextDocument(file)).lineAt(at);
    const known = utf16Column(line.text, place.column ?? 1);
    const start = Math.max(known, line.firstNonWhitespaceCharacterIndex);
    const end =
      known > line.firstNonWhitespaceCharacterIndex ? wordEnd(line.text, start) : line.text.trimEnd().length;
    return new vscode.Range(at, start, at, Math.max(start, end));
  } catch {
    // An object file, or a source that changed since: the line number is still useful.
    return new vscode.Range(at, 0, at, 0);
  }
}
