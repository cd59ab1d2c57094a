import * as vscode from 'vscode';
import { CommandIds } from '../command-ids';
import type { SessionList } from './session-list';

/** Two items: which kernel the next program goes to, and what runs. The second is there only while something runs. */
export class StatusBar implements vscode.Disposable {
  private readonly target = vscode.window.createStatusBarItem(
    'bpf.target',
    vscode.StatusBarAlignment.Left,
    11,
  );
  private readonly running = vscode.window.createStatusBarItem(
    'bpf.running',
    vscode.StatusBarAlignment.Left,
    10,
  );
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly sessions: SessionList) {
    this.target.name = 'BPF Target';
    this.target.command = CommandIds.selectTarget;
    this.running.name = 'BPF Sessions';
    this.running.command = CommandIds.detach;
    this.subscriptions = [this.target, this.running, sessions.onDidChange(() => this.drawRunning())];
    this.drawRunning();
  }

  /** `why` is the sentence about how `auto` decided. */
  showTarget(label: string, why: string): void {
    this.target.text = `$(server-environment) BPF: ${label}`;
    this.target.tooltip = `BPF programs are attached to ${label}: ${why}. Click to select another target.`;
    this.target.show();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private drawRunning(): void {
    const live = this.sessions.live;
    const [only] = live;
    if (!only) {
      this.running.hide();
      return;
    }
    const lost = live.reduce((sum, { drops }) => sum + drops.kernel + drops.helper + drops.client, 0);
    const what = live.length === 1 ? only.summary.title : `${live.length} sessions`;
    this.running.text = `$(record) ${what}${lost > 0 ? ` $(warning) ${lost} lost` : ''}`;
    this.running.tooltip = `${live.map(each => `${each.summary.title} on ${each.summary.target}`).join('\n')}\nClick to detach.`;
    this.running.accessibilityInformation = { label: `BPF: ${what} attached. Detach` };
    this.running.show();
  }
}
