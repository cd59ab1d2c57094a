/** The Sessions view: one row per session with its rate, losses, cost and age; below it its attach points. */
import * as vscode from 'vscode';
import { leftOutLine } from '../../session/tracing/choose-programs';
import { treeItem } from '../ui/items';
import type { SessionList } from './session-list';
import type { SessionModel } from './session-model';
import { age, overhead, rate } from './session-text';

export type SessionNode =
  | SessionModel
  | {
      readonly kind: 'attached';
      readonly session: SessionModel;
      readonly program: string;
      readonly attach: string;
    }
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
      ...attached.map(each => ({ kind: 'attached', session: node, ...each }) as const),
      ...node.leftOut.map(each => ({ kind: 'message', text: leftOutLine(each) }) as const),
      ...(message ? [{ kind: 'message', text: message } as const] : []),
    ];
  }

  getTreeItem(node: SessionNode): vscode.TreeItem {
    if (!('kind' in node)) return sessionItem(node);
    if (node.kind === 'message')
      return treeItem({ label: node.text, tooltip: [node.text], icon: new vscode.ThemeIcon('info') });
    const cost = node.session.cost?.programs.get(node.program);
    const costText = cost ? `${rate(cost.runsPerSecond)} runs/s · ${overhead(cost)}` : '';
    return treeItem({
      label: node.attach,
      description: [node.program, costText].filter(part => part !== '').join(' · '),
      tooltip: [
        `Program ${node.program} is attached to ${node.attach}`,
        ...(costText === '' ? [] : [costText]),
      ],
      icon: new vscode.ThemeIcon('plug'),
    });
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
  const { lost, cost } = session;
  const parts = [
    // First, because the end of a row is cut off in a narrow side bar.
    lost > 0 ? `${rate(lost)} lost` : '',
    state === 'running'
      ? session.panels.includes('events')
        ? `${rate(session.eventsPerSecond)} events/s`
        : ''
      : state,
    session.isLive && cost ? overhead(cost) : '',
    target,
    age(session.ageMs),
  ].filter(part => part !== '');
  return treeItem({
    label: title,
    description: parts.join(' · '),
    id,
    icon: ICONS[state],
    contextValue: session.isLive ? 'session.running' : 'session.ended',
    expanded: true,
    tooltip: [
      `${title}: ${state}, ${parts.join(', ')}`,
      ...attached.map(each => `${each.program}: ${each.attach}`),
      `lost in the kernel ${session.drops.kernel}, in the tracer ${session.drops.tracer}, in the editor ${session.drops.client}`,
      session.costRefusal === '' || cost
        ? ''
        : `cost unknown: ${session.costRefusal} Or turn statistics on for the whole machine: sudo sysctl kernel.bpf_stats_enabled=1`,
    ].filter(line => line !== ''),
  });
}
