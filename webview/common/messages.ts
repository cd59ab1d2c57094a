/** The page's side of the protocol in shared/protocol/webview.ts. */
import type { FromWebview, ToWebview } from '../../src/shared/protocol/webview';
import { unpackMessage } from '../../src/shared/protocol/webview-codec';

/** Messages that every page sends, whichever protocol it uses. */
type PageMessage = { readonly type: 'ready' } | { readonly type: 'pageError'; readonly message: string };

export interface HostConnection<State, Outgoing = FromWebview> {
  post(message: Outgoing): void;
  /** The state the page saved when it was last shown, or undefined. It is JSON: no bigint. */
  savedState(): State | undefined;
  save(state: State): void;
}

/**
 * Connects the page to its host: sends 'ready' once `onMessage` can be called, and reports uncaught errors so that a
 * broken page does not fail silently. VS Code allows one call per document.
 */
export function connectToHost<
  State,
  Incoming = ToWebview,
  Outgoing extends { readonly type: string } = FromWebview,
>(onMessage: (message: Incoming) => void): HostConnection<State, Outgoing> {
  const api = acquireVsCodeApi<State>();
  const post = (message: Outgoing | PageMessage): void => {
    if ('content' in message && message.content instanceof ArrayBuffer) {
      (api.postMessage as (message: unknown, transfer: Transferable[]) => void)(message, [message.content]);
    } else api.postMessage(message);
  };
  window.addEventListener('error', event =>
    post({ type: 'pageError', message: describe(event.error ?? event.message) }),
  );
  window.addEventListener('unhandledrejection', event =>
    post({ type: 'pageError', message: describe(event.reason) }),
  );
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (typeof event.data === 'object' && event.data !== null && 'type' in event.data)
      onMessage(unpackMessage(event.data) as Incoming);
  });
  // After the caller has its connection: the host may answer 'ready' immediately.
  queueMicrotask(() => post({ type: 'ready' }));
  return { post, savedState: () => api.getState(), save: state => void api.setState(state) };
}

function describe(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
