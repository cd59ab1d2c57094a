/** The page's end of the contract in shared/protocol/webview.ts. */
import type { FromWebview, ToWebview } from '../../src/shared/protocol/webview';
import { unpackMessage } from '../../src/shared/protocol/webview-codec';

export interface HostConnection<State> {
  post(message: FromWebview): void;
  /** What the page saved when it was last shown, or undefined. It is JSON: no bigint. */
  savedState(): State | undefined;
  save(state: State): void;
}

/**
 * Connects the page with its host: announces 'ready' once `onMessage` can be called, and reports uncaught errors so
 * that a broken page is not silent. VS Code allows one call per document.
 */
export function connectToHost<State>(onMessage: (message: ToWebview) => void): HostConnection<State> {
  const api = acquireVsCodeApi<State>();
  const post = (message: FromWebview): void => {
    if (message.type === 'export' && message.content instanceof ArrayBuffer) {
      (api.postMessage as (message: unknown, transfer: Transferable[]) => void)(message, [message.content]);
    } else api.postMessage(message);
  };
  window.addEventListener('error', event =>
    post({ type: 'pageError', message: describe(event.error ?? event.message) }),
  );
  window.addEventListener('unhandledrejection', event =>
    post({ type: 'pageError', message: describe(event.reason) }),
  );
  window.addEventListener('message', (event: MessageEvent<ToWebview>) => {
    if (typeof event.data === 'object' && event.data !== null && 'type' in event.data)
      onMessage(unpackMessage(event.data) as ToWebview);
  });
  // After the caller has its connection: the host may answer 'ready' at once.
  queueMicrotask(() => post({ type: 'ready' }));
  return { post, savedState: () => api.getState(), save: state => void api.setState(state) };
}

function describe(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
