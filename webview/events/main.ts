/** The Events page: composes messages, streams and view. */
import './events.css';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { pageRoot } from '../common/dom';
import { connectToHost } from '../common/messages';
import { onThemeChange } from '../common/theme';
import { DEFAULT_LIMIT_BYTES, EventStream } from './event-stream';
import { createEventsView, type ViewState } from './view';

let sessionId: string | null = null;
let streams: readonly EventStream[] = [];
/** Of the session's kernel addresses; streams read it. */
const kernelNames = new Map<bigint, string>();

const host = connectToHost<ViewState>(receive);
const saved = host.savedState();
const view = createEventsView(
  pageRoot(),
  {
    stream: saved?.stream ?? null,
    filter: saved?.filter ?? '',
    sort: saved?.sort ?? null,
    follow: saved?.follow ?? true,
    held: saved?.held ?? null,
    place: saved?.place ?? null,
  },
  host,
);
onThemeChange(() => view.redraw());

function receive(message: ToWebview): void {
  if (message.type === 'exportRequest') {
    view.export(message.kind);
    return;
  }
  if (message.type === 'noSession') {
    sessionId = null;
    streams = [];
    view.noSession(message.trusted);
    return;
  }
  if (message.type === 'session') {
    if (message.session.id !== sessionId || message.fresh) {
      streams = [];
      kernelNames.clear();
    }
    sessionId = message.session.id;
    const limit = message.eventBytesLimit ?? DEFAULT_LIMIT_BYTES;
    const known = message.streams.map(
      description =>
        streams.find(stream => stream.description.stream === description.stream) ??
        new EventStream(description, limit, kernelNames),
    );
    // The same array while nothing was added, so that the view stays as it is.
    if (known.length !== streams.length || known.some((stream, index) => stream !== streams[index]))
      streams = known;
    view.session(message.session, streams);
    return;
  }
  if (message.sessionId !== sessionId) return;
  if (message.type === 'span') {
    streams
      .find(stream => stream.description.stream === message.stream)
      ?.push(message.bytes, message.lost, message.atMs);
    view.draw();
  } else if (message.type === 'evicted') {
    streams.find(stream => stream.description.stream === message.stream)?.store.evict(message.records);
    view.draw();
  } else if (message.type === 'kernelNames') {
    for (const [address, name] of message.names) kernelNames.set(BigInt(address), name);
    view.renamed();
  } else if (message.type === 'hydrated') view.hydrated();
  else if (message.type === 'drops') view.drops(message.drops);
}
