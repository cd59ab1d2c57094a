/** CodeLenses above each SEC("...") of a program: numbers of its running session, else a link to attach it. */
import * as vscode from 'vscode';
import { type ProgramSection, programSections } from '../../shared/c/program-sections';
import { CommandIds } from '../common/command-ids';
import { settings } from '../common/settings';
import { codeLens } from '../ui/items';
import type { SessionList } from './session-list';
import type { SessionModel } from './session-model';
import { age, overhead, rate } from './session-text';

export class ProgramLenses implements vscode.CodeLensProvider, vscode.Disposable {
  static readonly selector: vscode.DocumentSelector = { scheme: 'file', pattern: '**/*.bpf.c' };

  private readonly changes = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changes.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly sessions: SessionList) {
    this.subscriptions = [
      sessions.onDidChange(() => this.changes.fire()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.changes.fire()),
    ];
  }

  /** The setting changed. */
  refresh(): void {
    this.changes.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!vscode.workspace.isTrusted || !settings.codeLens(document.uri)) return [];
    const session = this.sessions.live.find(each => each.program.toString() === document.uri.toString());
    return programSections(document.getText()).map(section => {
      const { line } = document.positionAt(section.start);
      const range = new vscode.Range(line, 0, line, 0);
      return session ? runningLens(range, session, section) : attachLens(range, document.uri);
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changes.dispose();
  }
}

function attachLens(range: vscode.Range, program: vscode.Uri): vscode.CodeLens {
  return codeLens(range, [{ icon: '', text: '▶ Attach' }], {
    tooltip: 'Compile this file and attach its programs',
    command: CommandIds.compileAndAttach,
    arguments: [program],
  });
}

function runningLens(
  range: vscode.Range,
  session: SessionModel,
  { section, names }: ProgramSection,
): vscode.CodeLens {
  const programs = session.programs.filter(each => each.section === section && names.has(each.name));
  const attached = session.summary.attached.find(each => programs.some(({ name }) => name === each.program));
  const show = {
    tooltip: 'Show the panels of the session',
    command: CommandIds.showPanels,
    arguments: [session],
  };
  if (!attached) {
    const { state, target } = session.summary;
    const part =
      state === 'starting'
        ? { icon: 'loading~spin', text: `attaching (${target})` }
        : { icon: '', text: `not attached (${target})` };
    return codeLens(range, [part], show);
  }
  const cost = session.cost?.programs.get(attached.program);
  const facts = [
    cost ? `${rate(cost.runsPerSecond)} runs/s` : '',
    session.panels.includes('events') ? `${rate(session.eventsPerSecond)} events/s` : '',
    session.lost > 0 ? `${rate(session.lost)} lost` : '',
    cost ? overhead(cost) : '',
    session.summary.target,
    age(session.ageMs),
  ].filter(fact => fact !== '');
  return codeLens(
    range,
    [{ icon: 'record', text: attached.attach }, ...facts.map(text => ({ icon: '', text }))],
    show,
  );
}
