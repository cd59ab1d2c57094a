/** Converts problems to the protocol's diagnostics, and their fixes to code actions. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Analysis } from '../analysis/analysis';
import type { Problem } from '../checks/problem';
import { runChecks } from '../checks/run-checks';
import { rangeOf } from './places';

/** Source of the diagnostics; clang's have another, so that both are shown. */
export const SOURCE = 'bpf';

const SEVERITIES: Readonly<Record<Problem['severity'], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

interface OfferedFix {
  readonly title: string;
  readonly preferred: boolean;
  readonly edits: readonly TextEdit[];
}

/** Data of a diagnostic for code actions; the client returns it unchanged. */
interface DiagnosticData {
  readonly version: number;
  readonly fixes: readonly OfferedFix[];
}

export function diagnose(analysis: Analysis, document: TextDocument): Diagnostic[] {
  return runChecks(analysis).map(problem => {
    const data: DiagnosticData = {
      version: document.version,
      fixes: problem.fixes.map(fix => ({
        title: fix.title,
        preferred: fix.preferred ?? false,
        edits: fix.edits.map(edit => ({ range: rangeOf(document, edit.span), newText: edit.text })),
      })),
    };
    return {
      range: rangeOf(document, problem.span),
      severity: SEVERITIES[problem.severity],
      code: problem.code,
      source: SOURCE,
      message: problem.message,
      data,
    };
  });
}

/** Quick fixes for our own diagnostics at a range; none that were made for another version of the text. */
export function codeActions(
  document: TextDocument,
  diagnostics: readonly Diagnostic[],
  _range: Range,
): CodeAction[] {
  return diagnostics.flatMap(diagnostic => {
    if (
      diagnostic.source !== SOURCE ||
      !isData(diagnostic.data) ||
      diagnostic.data.version !== document.version
    )
      return [];
    return diagnostic.data.fixes.map(fix => ({
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      isPreferred: fix.preferred,
      edit: { changes: { [document.uri]: [...fix.edits] } },
    }));
  });
}

function isData(data: unknown): data is DiagnosticData {
  return (
    typeof data === 'object' &&
    data !== null &&
    'version' in data &&
    'fixes' in data &&
    Array.isArray(data.fixes)
  );
}
