import type * as vscode from 'vscode';
import { CommandIds } from '../common/command-ids';
import { StatusItem } from '../ui/items';
import type { SessionList } from './session-list';

/** Two items: the target of the next program, and what is running. The second is shown only while something runs. */
export class StatusBar implements vscode.Disposable {
  private readonly target = new StatusItem('bpf.target', 'BPF Target', CommandIds.selectTarget, 11);
  private readonly running = new StatusItem('bpf.running', 'BPF Sessions', CommandIds.detach, 10);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly sessions: SessionList) {
    this.subscriptions = [this.target, this.running, sessions.onDidChange(() => this.drawRunning())];
    this.drawRunning();
  }

  /** `why`: the sentence that explains how `auto` decided. */
  showTarget(label: string, why: string): void {
    this.target.show(
      [{ icon: 'server-environment', text: `BPF: ${label}` }],
      [`BPF programs are attached to ${label}: ${why}. Click to select another target.`],
    );
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
    const lost = live.reduce((sum, { drops }) => sum + drops.kernel + drops.tracer + drops.client, 0);
    const what = live.length === 1 ? only.summary.title : `${live.length} sessions`;
    const isStarting = live.every(each => each.summary.state === 'starting');
    this.running.show(
      [
        { icon: isStarting ? 'loading~spin' : 'record', text: what },
        ...(lost > 0 ? [{ icon: 'warning', text: `${lost} lost` }] : []),
      ],
      [...live.map(each => `${each.summary.title} on ${each.summary.target}`), 'Click to detach.'],
      `BPF: ${what} ${isStarting ? 'starting' : 'attached'}. Detach`,
    );
  }
}
