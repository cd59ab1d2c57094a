/** Handles the host's messages for every panel page: a page follows one session at a time. */
import type { Drops } from '../../src/shared/decode/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { connectToHost, type HostConnection } from './messages';

type SessionMessage = Extract<ToWebview, { type: 'session' }>;
/** Messages with a session's data. */
export type SessionData = Exclude<ToWebview, { type: 'exportRequest' | 'noSession' | 'session' }>;

/** The part common to all views. */
export interface PanelView {
  noSession(trusted: boolean): void;
  drops(drops: Drops): void;
  export(kind: string): void;
}

export interface PanelPage {
  readonly view: PanelView;
  /** Removes all received data. */
  clear(): void;
  /** `isNew`: a different session than before. */
  session(message: SessionMessage, isNew: boolean): void;
  /** Data of the shown session. */
  data(message: SessionData): void;
}

/** `create` makes the page; the first message arrives after it has returned. */
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
