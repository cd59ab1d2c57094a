/** The Events page without its DOM, in a thread of its own as it is a process of its own in VS Code. */
import { parentPort, workerData } from 'node:worker_threads';
import type { StreamDescription, ToWebview } from '../../src/shared/protocol/webview';
import { EventStream } from '../../webview/events/event-stream';
import { compileFilter } from '../../webview/events/filter';

/** Messages to the page; `settle` is answered once everything before it is shown. */
export type ToPage = ToWebview | { readonly type: 'anew' } | { readonly type: 'settle' };
/** `taken`: bytes of the message that the page has dealt with. */
export type FromPage = { readonly type: 'taken'; readonly bytes: number } | { readonly type: 'settled' };

export interface PageData {
  readonly descriptions: readonly StreamDescription[];
  readonly filter: string;
  readonly limitBytes: number;
}

const SCREEN_FRAME_MS = 16;
const ROWS_IN_VIEW = 40;
const { descriptions, filter, limitBytes } = workerData as PageData;
const say = (message: FromPage): void => parentPort?.postMessage(message);

const load = (): ReadonlyMap<string, EventStream> =>
  new Map(
    descriptions.map(description => {
      const stream = new EventStream(description, limitBytes, new Map());
      if (filter !== '') stream.filter(compileFilter(filter, stream.reader.columns));
      return [description.stream, stream];
    }),
  );
let streams = load();
let timer: NodeJS.Timeout | undefined;

parentPort?.on('message', async (message: ToPage) => {
  switch (message.type) {
    case 'anew':
      streams = load();
      return;
    case 'span':
      streams.get(message.stream)?.push(message.bytes, message.lost, message.atMs);
      say({ type: 'taken', bytes: message.bytes.byteLength });
      timer ??= setTimeout(() => {
        timer = undefined;
        drawAll();
      }, SCREEN_FRAME_MS);
      return;
    case 'evicted':
      streams.get(message.stream)?.store.evict(message.records);
      return;
    case 'settle':
      clearTimeout(timer);
      while (drawAll()) await new Promise(resolve => setImmediate(resolve));
      say({ type: 'settled' });
  }
});

/** True: a filter has not seen all rows yet. */
function drawAll(): boolean {
  return [...streams.values()].map(draw).includes(true);
}

/** What a frame of the screen takes. */
function draw(stream: EventStream): boolean {
  const { more } = stream.refresh();
  stream.rate.series();
  const { reader, store } = stream;
  for (let index = Math.max(0, stream.length - ROWS_IN_VIEW); index < stream.length; index++) {
    const found = store.row(stream.rowAt(index));
    if (found?.kind !== 'record') continue;
    const { view, offset, length } = found;
    for (const field of reader.columns) reader.shown(reader.value(view, offset, length, field), field);
  }
  return more;
}
