/**
 * Notifications, dialogs and progress: the only access to VS Code's functions for text. Names of objects, files and
 * processes and messages of libbpf, clang and the kernel can occur in all of it. Every function escapes its arguments,
 * so callers pass plain text (test/unit/host/ui-output.test.ts checks that nothing else in src/host calls vscode's
 * functions).
 */
import * as vscode from 'vscode';
import { escapeMessage } from '../../shared/text/escape';

export type Severity = 'error' | 'warning' | 'information';

const SHOW = {
  error: vscode.window.showErrorMessage,
  warning: vscode.window.showWarningMessage,
  information: vscode.window.showInformationMessage,
} as const;

/** Shows a notification; resolves with the button that was pressed, or undefined. Buttons are the extension's own text. */
export function notify<Button extends string>(
  severity: Severity,
  message: string,
  ...buttons: readonly Button[]
): Thenable<Button | undefined> {
  return SHOW[severity](escapeMessage(message), ...buttons);
}

/** Shows a modal dialog with Cancel; each item of `detail` stays on one line. Resolves with the button, or undefined. */
export function askModal<Button extends string>(
  severity: Severity,
  question: { readonly message: string; readonly detail: readonly string[] },
  ...buttons: readonly Button[]
): Thenable<Button | undefined> {
  const detail = question.detail.map(escapeMessage).join('\n');
  return SHOW[severity](escapeMessage(question.message), { modal: true, detail }, ...buttons);
}

export interface ProgressOptions {
  /** `window`: in the status bar. */
  readonly where: 'notification' | 'window';
  readonly title: string;
  readonly cancellable?: boolean;
}

/** Shows progress while `work` runs; `work` gets a function that reports the current step. */
export function withProgress<T>(
  options: ProgressOptions,
  work: (report: (step: string) => void, token: vscode.CancellationToken) => Thenable<T>,
): Thenable<T> {
  const location =
    options.where === 'window' ? vscode.ProgressLocation.Window : vscode.ProgressLocation.Notification;
  return vscode.window.withProgress(
    { location, title: escapeMessage(options.title), cancellable: options.cancellable ?? false },
    (progress, token) => work(step => progress.report({ message: escapeMessage(step) }), token),
  );
}
