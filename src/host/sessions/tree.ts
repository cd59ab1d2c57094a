/** The Sessions view: one row per session with its rate, losses and age; below it where it is attached. */
import * as vscode from 'vscode';
import type { SessionList } from './session-list';
import type { SessionModel } from './session-model';

export type SessionNode =
  | SessionModel
  | { readonly kind: 'attached'; readonly program: string; readonly attach: string }
  | { readonly kind: 'message'; readonly text: string };

export class SessionTree implements vscode.TreeDataProvider<SessionNode>, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<SessionNode | undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly subscription: vscode.Disposable;

  constructor(private readonly sessions: SessionList) {
    this.subscription = sessions.onDidChange(session => this.changes.fire(session));
  }

  getChildren(node?: SessionNode): SessionNode[] {
    if (!node) return [...this.sessions.all];
    if ('kind' in node) return [];
    const { attached, message } = node.summary;
    return [
      ...attached.map(each => ({ kind: 'attached', ...each }) as const),
      ...(message ? [{ kind: 'message', text: message } as const] : []),
    ];
  }

  getTreeItem(node: SessionNode): vscode.TreeItem {
    if (!('kind' in node)) return sessionItem(node);
    if (node.kind === 'message') {
      const item = new vscode.TreeItem(node.text);
      item.iconPath = new vscode.ThemeIcon('info');
      item.tooltip = node.text;
      return item;
    }
    const item = new vscode.TreeItem(node.attach);
    item.description = node.program;
    item.iconPath = new vscode.ThemeIcon('plug');
    item.tooltip = `Program ${node.program} is attached to ${node.attach}`;
    return item;
  }

  dispose(): void {
    this.subscription.dispose();
    this.changes.dispose();
  }
}

const ICONS = {
  starting: new vscode.ThemeIcon('loading~spin'),
  running: new vscode.ThemeIcon('record', new vscode.ThemeColor('charts.green')),
  ended: new vscode.ThemeIcon('circle-outline'),
  failed: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')),
} as const;

function sessionItem(session: SessionModel): vscode.TreeItem {
  const { id, title, target, state, attached } = session.summary;
  const lost = session.drops.kernel + session.drops.helper + session.drops.client;
  const parts = [
    state === 'running'
      ? session.panels.includes('events')
        ? `${rate(session.eventsPerSecond)}/s`
        : ''
      : state,
    lost > 0 ? `${rate(lost)} lost` : '',
    target,
    age(session.ageMs),
  ].filter(part => part !== '');
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = id;
  item.description = parts.join(' · ');
  item.iconPath = ICONS[state];
  item.contextValue = session.isLive ? 'session.running' : 'session.ended';
  item.tooltip = [
    `${title}: ${state}, ${parts.join(', ')}`,
    ...attached.map(each => `${each.program}: ${each.attach}`),
    `lost in the kernel ${session.drops.kernel}, in the helper ${session.drops.helper}, here ${session.drops.client}`,
  ].join('\n');
  return item;
}

function rate(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
