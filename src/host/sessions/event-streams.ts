/** The event streams of one session: what a page needs to know of each, and the records kept, bounded. */
import type { SessionStream } from '../../session/tracing-session';
import type { DataFrame } from '../../shared/protocol/frames';
import type { StreamDescription, ToWebview } from '../../shared/protocol/webview';
import { EventStore, endsWithNewline } from '../panels/event-store';
import { countRecords } from './count-records';

export class EventStreams {
  readonly descriptions: readonly StreamDescription[];
  private readonly stores: ReadonlyMap<string, EventStore>;
  private readonly evicted = new Map<string, number>();

  /** `limitBytes`: of each stream. */
  constructor(
    private readonly sessionId: string,
    streams: readonly SessionStream[],
    limitBytes: number,
  ) {
    this.descriptions = streams.map(stream => ({
      stream: stream.name,
      label: stream.map?.label ?? 'printk',
      content: stream.content,
      record: stream.map?.view.kind === 'events' ? stream.map.view.record : null,
    }));
    this.stores = new Map(
      streams.map(({ name, content }) => [
        name,
        new EventStore(limitBytes, content === 'printk' ? endsWithNewline : undefined),
      ]),
    );
  }

  /** Keeps a frame's records; gives their count and what pages are to be told. */
  receive(
    { name: stream, content }: SessionStream,
    frame: DataFrame,
  ): { readonly records: number; readonly messages: readonly ToWebview[] } {
    // The frame's bytes are the connection's buffer: valid during this call only.
    const bytes = frame.bytes.slice();
    const records = countRecords(content, bytes);
    const atMs = Date.now();
    const { lost } = frame;
    const left = this.stores.get(stream)?.push({ bytes, records, lost, atMs }) ?? 0;
    const { sessionId } = this;
    const span: ToWebview = { type: 'span', sessionId, stream, bytes: exactBuffer(bytes), lost, atMs };
    if (left === 0) return { records, messages: [span] };
    this.evicted.set(stream, (this.evicted.get(stream) ?? 0) + left);
    return { records, messages: [span, { type: 'evicted', sessionId, stream, records: left }] };
  }

  /** Everything kept, oldest first, for a page that has just loaded. */
  hydration(): ToWebview[] {
    const { sessionId } = this;
    return this.descriptions.flatMap(({ stream }): ToWebview[] => {
      const records = this.evicted.get(stream) ?? 0;
      const kept = this.stores.get(stream)?.kept() ?? [];
      return [
        ...(records > 0 ? [{ type: 'evicted', sessionId, stream, records } as const] : []),
        ...kept.map(
          ({ bytes, lost, atMs }) =>
            ({ type: 'span', sessionId, stream, bytes: exactBuffer(bytes), lost, atMs }) as const,
        ),
      ];
    });
  }
}

/** A buffer of exactly these bytes, which nobody writes: VS Code sends a view's whole buffer. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return buffer;
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
