/**
 * The sessions that ran when a window was closed, reloaded or crashed. The tracer and its programs end with the window;
 * the next window of the workspace reports them and can attach them again with one click.
 */
import * as v from 'valibot';
import * as vscode from 'vscode';
import { settings } from '../common/settings';
import { notify } from '../ui/messages';
import type { SessionList } from './session-list';
import { SessionModel } from './session-model';

const KEY = 'bpf.runningSessions';
const RunningSchema = v.array(
  v.object({
    title: v.string(),
    program: v.string(),
    targetId: v.picklist(['local', 'vm']),
    target: v.string(),
  }),
);
type Running = v.InferOutput<typeof RunningSchema>;

const WHAT_HAPPENED =
  'The window was closed, reloaded or crashed while this was attached. Everything was detached and the data it had received is lost.';

export class InterruptedSessions implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;
  private written: string;
  private frozen = false;

  constructor(
    private readonly state: vscode.Memento,
    private readonly sessions: SessionList,
  ) {
    this.written = JSON.stringify(state.get(KEY, []));
    this.subscription = sessions.onDidChange(() => this.write());
  }

  /** Adds rows for the sessions that ended with the last window, newest last, and clears the record. */
  restore(): SessionModel[] {
    const parsed = v.safeParse(RunningSchema, this.state.get(KEY));
    const models = (parsed.success ? parsed.output : []).map(({ title, program, targetId, target }) => {
      const model = new SessionModel({
        title,
        program: vscode.Uri.parse(program),
        targetId,
        target,
        eventBytesLimit: settings.eventBytesLimit(),
        isWatched: () => false,
        isCostWatched: () => false,
      });
      this.sessions.add(model);
      return model;
    });
    for (const model of models) void model.end('failed', WHAT_HAPPENED);
    this.write();
    return models;
  }

  /** The window is closing: keeps the record of running sessions for the next window. */
  freeze(): void {
    this.frozen = true;
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private write(): void {
    if (this.frozen) return;
    const running: Running = this.sessions.live
      .filter(model => model.summary.state === 'running')
      .map(model => ({
        title: model.summary.title,
        program: model.program.toString(),
        targetId: model.targetId,
        target: model.summary.target,
      }));
    const text = JSON.stringify(running);
    if (text === this.written) return;
    this.written = text;
    void this.state.update(KEY, running);
  }
}

/** Tells the user which sessions ended with the last window, and offers to attach them again. */
export async function reportInterrupted(
  models: readonly SessionModel[],
  attachAgain: (model: SessionModel) => Thenable<unknown>,
): Promise<void> {
  if (models.length === 0) return;
  const titles = models.map(model => model.summary.title).join(', ');
  const again = models.length === 1 ? 'Attach Again' : 'Attach All Again';
  const choice = await notify(
    'warning',
    `${titles} ${models.length === 1 ? 'was' : 'were'} attached when this window was closed or reloaded, and ended with it. Nothing is attached now.`,
    again,
  );
  if (choice !== again) return;
  for (const model of models) await attachAgain(model);
}
