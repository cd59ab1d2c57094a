/** Items of VS Code's views and editors; the only access to its classes, so that all their text is escaped. */
import * as vscode from 'vscode';
import { escapeMessage } from '../../shared/text/escape';

/** Each text stays on one line. */
const lines = (texts: readonly string[]) => texts.map(escapeMessage).join('\n');

export interface TreeRow {
  readonly label: string;
  readonly description?: string;
  /** Lines of the tooltip. */
  readonly tooltip?: readonly string[];
  /** Screen reader text, instead of the label. */
  readonly spoken?: string;
  readonly expanded?: boolean;
  readonly id?: string;
  readonly icon?: vscode.ThemeIcon;
  readonly contextValue?: string;
  readonly command?: vscode.Command;
}

export function treeItem(row: TreeRow): vscode.TreeItem {
  const item = new vscode.TreeItem(
    escapeMessage(row.label),
    row.expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
  );
  if (row.description !== undefined) item.description = escapeMessage(row.description);
  if (row.tooltip) item.tooltip = lines(row.tooltip);
  if (row.spoken !== undefined) item.accessibilityInformation = { label: escapeMessage(row.spoken) };
  if (row.id !== undefined) item.id = row.id;
  if (row.icon) item.iconPath = row.icon;
  if (row.contextValue !== undefined) item.contextValue = row.contextValue;
  if (row.command) item.command = row.command;
  return item;
}

/** Text after an icon (the name of a codicon, '' for none), for the status bar and CodeLens. */
export interface Part {
  readonly icon: string;
  readonly text: string;
}

const joined = (parts: readonly Part[], separator: string) =>
  parts.map(({ icon, text }) => `${icon === '' ? '' : `$(${icon}) `}${escapeMessage(text)}`).join(separator);

/** A status bar item, hidden until it is shown. */
export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  /** `name`: shown in the menu that hides status bar items. */
  constructor(id: string, name: string, command: string, priority: number) {
    this.item = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Left, priority);
    this.item.name = name;
    this.item.command = command;
  }

  /** `spoken`: screen reader text, instead of the parts. */
  show(parts: readonly Part[], tooltip: readonly string[], spoken?: string): void {
    this.item.text = joined(parts, ' ');
    this.item.tooltip = lines(tooltip);
    this.item.accessibilityInformation = spoken === undefined ? undefined : { label: escapeMessage(spoken) };
    this.item.show();
  }

  hide(): void {
    this.item.hide();
  }

  dispose(): void {
    this.item.dispose();
  }
}

export function codeLens(
  range: vscode.Range,
  parts: readonly Part[],
  command: { readonly tooltip: string; readonly command: string; readonly arguments: readonly unknown[] },
): vscode.CodeLens {
  return new vscode.CodeLens(range, {
    title: joined(parts, ' · '),
    tooltip: escapeMessage(command.tooltip),
    command: command.command,
    arguments: [...command.arguments],
  });
}

export interface RelatedPlace {
  readonly location: vscode.Location;
  readonly message: string;
}

export interface Finding {
  readonly range: vscode.Range;
  readonly message: string;
  readonly severity: vscode.DiagnosticSeverity;
  /** The diagnostic's source. */
  readonly source: string;
  /** With the page that explains it, if there is one; '' for none. */
  readonly code: string | { readonly text: string; readonly page: vscode.Uri };
  readonly related: readonly RelatedPlace[];
}

export function diagnostic(finding: Finding): vscode.Diagnostic {
  const { code } = finding;
  const shown = new vscode.Diagnostic(finding.range, escapeMessage(finding.message), finding.severity);
  shown.source = escapeMessage(finding.source);
  if (typeof code !== 'string') shown.code = { value: escapeMessage(code.text), target: code.page };
  else if (code !== '') shown.code = escapeMessage(code);
  shown.relatedInformation = finding.related.map(
    place => new vscode.DiagnosticRelatedInformation(place.location, escapeMessage(place.message)),
  );
  return shown;
}

export function quickFix(
  title: string,
  edit: vscode.WorkspaceEdit,
  of: vscode.Diagnostic,
): vscode.CodeAction {
  const action = new vscode.CodeAction(escapeMessage(title), vscode.CodeActionKind.QuickFix);
  action.edit = edit;
  action.diagnostics = [of];
  return action;
}

export function pageTab(
  viewType: string,
  title: string,
  options: vscode.WebviewPanelOptions & vscode.WebviewOptions,
): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(viewType, escapeMessage(title), vscode.ViewColumn.Active, options);
}

export function describeView(view: vscode.WebviewView, description: string): void {
  view.description = escapeMessage(description);
}

export interface TaskOptions {
  readonly definition: vscode.TaskDefinition;
  readonly scope: NonNullable<vscode.Task['scope']>;
  readonly name: string;
  readonly execution: vscode.ProcessExecution | vscode.CustomExecution;
}

/**
 * A task of the source 'BPF'. No problem matchers: the compiler publishes clang's diagnostics with ranges, notes and
 * fixes. A matcher would duplicate them, and VS Code removes its diagnostics shortly after the task ends.
 */
export function task(options: TaskOptions): vscode.Task {
  return new vscode.Task(
    options.definition,
    options.scope,
    escapeMessage(options.name),
    'BPF',
    options.execution,
    [],
  );
}
