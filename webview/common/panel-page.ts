/** What every panel's page does with the host's messages: it follows one session at a time. */
import type { Drops } from '../../src/shared/decode/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { connectToHost, type HostConnection } from './messages';

type SessionMessage = Extract<ToWebview, { type: 'session' }>;
/** What comes of a session. */
export type SessionData = Exclude<ToWebview, { type: 'exportRequest' | 'noSession' | 'session' }>;

/** The part of every view that is the same. */
export interface PanelView {
  noSession(trusted: boolean): void;
  drops(drops: Drops): void;
  export(kind: string): void;
}

export interface PanelPage {
  readonly view: PanelView;
  /** Forgets what was received. */
  clear(): void;
  /** `isNew`: another session than the one before. */
  session(message: SessionMessage, isNew: boolean): void;
  /** Of the session that is shown. */
  data(message: SessionData): void;
}

/** `create` makes the page; the first message comes after it has returned. */
export function connectPanel<State>(create: (host: HostConnection<State>) => PanelPage): void {
  let sessionId: string | null = null;
  const host = connectToHost<State>(message => {
    switch (message.type) {
      case 'exportRequest':
        page.view.export(message.kind);
        return;
      case 'noSession':
        sessionId = null;
        page.clear();
        page.view.noSession(message.trusted);
        return;
      case 'session': {
        const isNew = message.session.id !== sessionId;
        sessionId = message.session.id;
        page.session(message, isNew);
        return;
      }
      default:
        if (message.sessionId !== sessionId) return;
        page.data(message);
        if (message.type === 'drops') page.view.drops(message.drops);
    }
  });
  const page = create(host);
}
