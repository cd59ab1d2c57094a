/**
 * What the kernel's verifier said about a refused program: a diagnostic on the C line its last words are about, and
 * the whole log as a read-only document one click away.
 */
import * as vscode from 'vscode';
import type { HelperRequestError } from '../../session/helper-connection';
import type { BpfObject } from '../../shared/object/model';
import { lastWords, sourceLineOf } from '../../shared/verifier/last-words';
import { ContextKeys } from '../command-ids';
import { wordEnd } from '../compile/diagnostic-text';
import { errors, type UserError } from '../errors';

const SCHEME = 'bpf-verifier-log';

export class VerifierReports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('bpf-verifier');
  private readonly logs = new Map<string, string>();
  private readonly logChanges = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.logChanges.event;
  private latest: vscode.Uri | null = null;
  /** Where a program's rejection is shown: a header when the refused line is in one. */
  private readonly shownIn = new Map<string, vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.logs.get(uri.toString()) ?? 'This log is gone: it is kept until the window is closed.';
  }

  /** Forgets what an earlier attempt with this program said; call before each load. */
  clear(program: vscode.Uri): void {
    const shown = this.shownIn.get(program.toString());
    if (shown) this.collection.delete(shown);
    this.shownIn.delete(program.toString());
  }

  /** Publishes the rejection and returns the error to show. */
  async report(program: vscode.Uri, object: BpfObject, rejection: HelperRequestError): Promise<UserError> {
    const log = rejection.verifierLog ?? (rejection.data.libbpfLog ?? []).join('\n');
    const refused = object.programs.find(each => each.name === rejection.data.program);
    const name = refused?.name ?? object.name;
    const uri = this.keep(name, log);
    const words = lastWords(log);
    const sentence = words?.sentence ?? rejection.message;
    const line = words && refused ? sourceLineOf(words, refused) : null;

    const file = line ? await sourceUri(line.file, program) : program;
    const diagnostic = new vscode.Diagnostic(
      await lineRange(file, line?.line ?? 1),
      `The verifier refused ${name}: ${sentence}`,
      vscode.DiagnosticSeverity.Error,
    );
    diagnostic.source = 'BPF verifier';
    diagnostic.code = { value: 'Show whole log', target: uri };
    this.clear(program);
    this.collection.set(file, [diagnostic]);
    this.shownIn.set(program.toString(), file);
    return errors.verifierRejected(name, withFullStop(sentence), () => this.show(uri));
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
    this.registration.dispose();
    this.collection.dispose();
    this.logChanges.dispose();
  }

  private keep(name: string, log: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name} verifier log` });
    this.logs.set(uri.toString(), log);
    this.logChanges.fire(uri);
    this.latest = uri;
    void vscode.commands.executeCommand('setContext', ContextKeys.hasVerifierLog, true);
    return uri;
  }
}

/** Line information holds the path clang was given; a relative one belongs to the program's folder. */
async function sourceUri(file: string, program: vscode.Uri): Promise<vscode.Uri> {
  const candidates = file.startsWith('/')
    ? [vscode.Uri.file(file)]
    : [
        vscode.Uri.joinPath(program, '..', file),
        vscode.Uri.joinPath(program, '..', file.replace(/^.*\//, '')),
      ];
  for (const candidate of candidates) {
    try {
      await vscode.workspace.fs.stat(candidate);
      return candidate;
    } catch {
      // Compiled elsewhere: the next candidate, at last the program itself.
    }
  }
  return program;
}

async function lineRange(file: vscode.Uri, line: number): Promise<vscode.Range> {
  const at = Math.max(0, line - 1);
  try {
    const text = (await vscode.workspace.openTextDocument(file)).lineAt(at);
    const start = text.firstNonWhitespaceCharacterIndex;
    return new vscode.Range(at, start, at, Math.max(wordEnd(text.text, start), text.text.trimEnd().length));
  } catch {
    // An object file, or a source that changed since: the line number still says where.
    return new vscode.Range(at, 0, at, 0);
  }
}

function withFullStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
