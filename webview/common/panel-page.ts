/** Handles the host's messages for every panel page: a page follows one session at a time. */
import type { FromWebview, ToWebview } from '../../src/shared/protocol/webview';
import { connectToHost, type HostConnection } from './messages';
import type { PanelFrame } from './panel-frame';

type SessionMessage = Extract<ToWebview, { type: 'session' }>;
/** Messages with a session's data. */
export type SessionData = Exclude<ToWebview, { type: 'exportRequest' | 'noSession' | 'session' }>;

/** What a view that can be paused needs from the page around it. */
export interface ViewHost<State> {
  post(message: FromWebview): void;
  save(state: State): void;
  /** Pauses or resumes the display. */
  pause(paused: boolean): void;
}

export interface PanelPage {
  readonly frame: PanelFrame;
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
        page.frame.export(message.kind);
        return;
      case 'noSession':
        sessionId = null;
        page.clear();
        page.frame.noSession(message.trusted);
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
        if (message.type === 'drops') page.frame.drops(message.drops);
    }
  });
  const page = create(host);
}
