/** The event streams of one session: their descriptions for pages, and the latest records up to a size limit. */
import { type DropCount, streamOf } from '../../session/tracing/drops';
import type { SessionStream } from '../../session/tracing/tracing-session';
import type { DataFrame } from '../../shared/protocol/frames';
import type { StreamDescription, ToWebview } from '../../shared/protocol/webview';
import { SessionKernelNames } from './kernel-names';
import { endsWithNewline, SpanStore } from './span-store';

export class EventStreams {
  readonly descriptions: readonly StreamDescription[];
  private readonly stores: ReadonlyMap<string, SpanStore>;
  private readonly evicted = new Map<string, number>();
  private readonly losses: ReadonlyMap<string, StreamLosses>;
  private readonly names: SessionKernelNames;

  /** `limitBytes`: per stream. `lookUp`: names of kernel addresses, null for unknown ones. */
  constructor(
    private readonly sessionId: string,
    streams: readonly SessionStream[],
    limitBytes: number,
    lookUp: (addresses: readonly bigint[]) => Promise<readonly (string | null)[]>,
  ) {
    this.names = new SessionKernelNames(sessionId, lookUp);
    this.descriptions = streams.map(stream => ({
      stream: stream.name,
      label: stream.map?.label ?? 'printk',
      content: stream.content,
      record: stream.map?.view.kind === 'events' ? stream.map.view.record : null,
    }));
    this.losses = new Map(streams.map(({ name, content }) => [name, new StreamLosses(content)]));
    this.stores = new Map(
      streams.map(({ name, content }) => [
        name,
        new SpanStore(limitBytes, content === 'printk' ? endsWithNewline : undefined),
      ]),
    );
  }

  /** Stores a frame's records; returns the messages for pages: now, and once addresses have names. */
  receive(
    { name: stream }: SessionStream,
    frame: DataFrame,
  ): {
    readonly messages: readonly ToWebview[];
    readonly named: Promise<ToWebview | null>;
  } {
    const { bytes } = frame;
    const atMs = Date.now();
    const lost = this.losses.get(stream)?.framed(frame.lost) ?? frame.lost;
    const description = this.descriptions.find(each => each.stream === stream);
    const named = description ? this.names.learn(description, bytes) : Promise.resolve(null);
    const left = this.stores.get(stream)?.push({ bytes, records: frame.records, lost, atMs }) ?? 0;
    const { sessionId } = this;
    const span: ToWebview = { type: 'span', sessionId, stream, bytes: exactBuffer(bytes), lost, atMs };
    if (left === 0) return { messages: [span], named };
    this.evicted.set(stream, (this.evicted.get(stream) ?? 0) + left);
    return { messages: [span, { type: 'evicted', sessionId, stream, records: left }], named };
  }

  /** Marks where a program lost records, from its counters: what they grew by since the last reading. */
  countDrops(counts: readonly DropCount[]): readonly ToWebview[] {
    const totals = new Map<string, number>();
    for (const count of counts) {
      const stream = streamOf(count, this.descriptions);
      if (stream !== undefined) totals.set(stream, (totals.get(stream) ?? 0) + count.count);
    }
    return [...totals].flatMap(([stream, total]): ToWebview[] => {
      const lost = this.losses.get(stream)?.counted(total) ?? 0;
      const store = this.stores.get(stream);
      if (lost <= 0 || !store) return [];
      const bytes = new Uint8Array(0);
      const atMs = Date.now();
      store.push({ bytes, records: 0, lost, atMs });
      return [{ type: 'span', sessionId: this.sessionId, stream, bytes: exactBuffer(bytes), lost, atMs }];
    });
  }

  /** Everything stored, oldest first, for a page that has just loaded. */
  hydration(): ToWebview[] {
    const { sessionId } = this;
    const spans = this.descriptions.flatMap(({ stream }): ToWebview[] => {
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
    return [...this.names.hydration(), ...spans, { type: 'hydrated', sessionId }];
  }
}

/**
 * The losses of one stream that are not yet marked; each lost record is counted once. For ring buffers, frames report
 * what the tracer lost, in addition to what the program counts; for other streams, frames and the program's counter
 * report the same losses, in either order.
 */
class StreamLosses {
  private inFrames = 0;
  private byProgram = 0;
  private marked = 0;

  constructor(private readonly content: SessionStream['content']) {}

  framed(lost: number): number {
    this.inFrames += lost;
    return this.unmarked();
  }

  counted(total: number): number {
    this.byProgram = total;
    return this.unmarked();
  }

  private unmarked(): number {
    const { inFrames, byProgram } = this;
    const total = this.content === 'ring' ? inFrames + byProgram : Math.max(inFrames, byProgram);
    const lost = Math.max(0, total - this.marked);
    this.marked += lost;
    return lost;
  }
}

/** An ArrayBuffer of exactly these bytes that nothing writes to: VS Code sends a view's whole buffer. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return buffer;
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
