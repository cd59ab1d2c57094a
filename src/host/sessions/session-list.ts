import * as vscode from 'vscode';
import type { PanelName } from '../../shared/object/panels';
import { ContextKeys } from '../common/command-ids';
import type { SessionModel, SessionUpdate } from './session-model';

/** Limit of ended sessions kept in the list for their data; the oldest are removed. */
const ENDED_LIMIT = 8;

/** All sessions of this window, newest first, and the one the pages show. */
export class SessionList implements vscode.Disposable {
  private models: SessionModel[] = [];
  private shownModel: SessionModel | null = null;
  /** Panels whose page is visible: data that only they show is read only then. */
  readonly watched = new Set<PanelName>();
  treeVisible = false;
  /** The context keys that were last set. */
  private contexts = '[]';

  private readonly changes = new vscode.EventEmitter<SessionModel | undefined>();
  /** A session's state or numbers changed; undefined: the list itself changed. */
  readonly onDidChange = this.changes.event;
  private readonly shows = new vscode.EventEmitter<void>();
  /** Fires when the pages should show another session, or none. */
  readonly onDidShow = this.shows.event;
  private readonly updates = new vscode.EventEmitter<SessionUpdate>();
  readonly onDidUpdate = this.updates.event;

  get all(): readonly SessionModel[] {
    return this.models;
  }
  get live(): readonly SessionModel[] {
    return this.models.filter(model => model.isLive);
  }
  get shown(): SessionModel | null {
    return this.shownModel;
  }

  add(model: SessionModel): void {
    this.models.unshift(model);
    model.onDidUpdate(update => this.updates.fire(update));
    model.onDidChange(() => this.changed(model));
    const ended = this.models.filter(each => !each.isLive);
    for (const old of ended.slice(ENDED_LIMIT)) this.drop(old);
    this.show(model);
    this.changed();
  }

  show(model: SessionModel | null): void {
    this.shownModel = model;
    void vscode.commands.executeCommand('setContext', ContextKeys.sessionShown, model !== null);
    this.shows.fire();
  }

  remove(model: SessionModel): void {
    if (model.isLive) return;
    this.drop(model);
    this.changed();
  }

  dispose(): void {
    for (const model of this.models) model.dispose();
    this.changes.dispose();
    this.shows.dispose();
    this.updates.dispose();
  }

  private drop(model: SessionModel): void {
    this.models = this.models.filter(each => each !== model);
    model.dispose();
    if (this.shownModel === model) this.show(this.models[0] ?? null);
  }

  private changed(model?: SessionModel): void {
    const attachedFiles = this.live.map(each => each.program.fsPath);
    const contexts = JSON.stringify(attachedFiles);
    if (contexts !== this.contexts) {
      this.contexts = contexts;
      const setContext = (key: string, value: unknown) =>
        void vscode.commands.executeCommand('setContext', key, value);
      setContext(ContextKeys.sessionCount, attachedFiles.length);
      setContext(ContextKeys.attachedFiles, attachedFiles);
    }
    this.changes.fire(model);
  }
}
