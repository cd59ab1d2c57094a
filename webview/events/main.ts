/** The Events page: composes messages, streams and view. */
import './events.css';
import { pageRoot } from '../common/dom';
import { connectPanel } from '../common/panel-page';
import { onThemeChange } from '../common/theme';
import { DEFAULT_LIMIT_BYTES, EventStream } from './event-stream';
import { FIRST_STATE, type ViewState } from './state';
import { EventsView } from './view';

connectPanel<ViewState>(host => {
  let streams: readonly EventStream[] = [];
  /** Names of the session's kernel addresses; streams read it. */
  const kernelNames = new Map<bigint, string>();
  const view = new EventsView(pageRoot(), { ...FIRST_STATE, ...host.savedState() }, host);
  onThemeChange(() => view.redraw());

  const streamOf = (name: string): EventStream | undefined =>
    streams.find(stream => stream.description.stream === name);

  return {
    frame: view.frame,
    clear: () => {
      streams = [];
      view.clear();
    },
    session: (message, isNew) => {
      if (isNew || message.fresh) {
        streams = [];
        kernelNames.clear();
      }
      const limit = message.eventBytesLimit ?? DEFAULT_LIMIT_BYTES;
      const known = message.streams.map(
        description => streamOf(description.stream) ?? new EventStream(description, limit, kernelNames),
      );
      // The same array if nothing was added, so that the view does not change.
      if (known.length !== streams.length || known.some((stream, index) => stream !== streams[index]))
        streams = known;
      view.session(message.session, streams);
    },
    data: message => {
      switch (message.type) {
        case 'span':
          streamOf(message.stream)?.push(message.bytes, message.lost, message.atMs);
          view.draw();
          return;
        case 'evicted':
          streamOf(message.stream)?.store.evict(message.records);
          view.draw();
          return;
        case 'kernelNames':
          for (const [address, name] of message.names) kernelNames.set(BigInt(address), name);
          view.renamed();
          return;
        case 'hydrated':
          view.hydrated();
      }
    },
  };
});
