/** What the product does with the records of a stream, as functions of its frames: the benchmark measures these and nothing else. */
import { EventPrinter } from '../../src/cli/print/event-printer';
import { jsonOutput } from '../../src/cli/print/run-json';
import { textOutput } from '../../src/cli/print/run-text';
import { EventStreams } from '../../src/host/sessions/event-streams';
import type { SessionStream } from '../../src/session/tracing/tracing-session';
import type { DataFrame } from '../../src/shared/protocol/frames';
import { EventStream } from '../../webview/events/event-stream';
import { compileFilter } from '../../webview/events/filter';

/**
 * `host`: the extension host keeps and counts the records. `page`: the Events page as well, which finds each record,
 * counts its rate and decodes the rows in view once a frame of the screen. `filter`: with a filter that every record is
 * matched against. `text`, `json`: bpfw prints each.
 */
export const WORKS = ['host', 'page', 'filter', 'text', 'json'] as const;
export type Work = (typeof WORKS)[number];

export interface Consumer {
  frame(stream: SessionStream, frame: DataFrame): void;
  /** Everything received is dealt with. */
  settle(): Promise<void>;
}

/** package.json: the default of bpf.events.maxMegabytes. */
const LIMIT_BYTES = 64 << 20;
const SCREEN_FRAME_MS = 16;
const ROWS_IN_VIEW = 40;

export function consumer(work: Work, streams: readonly SessionStream[], filter = ''): Consumer {
  if (work === 'text' || work === 'json') return printer(work, streams);
  const host = new EventStreams('bench', streams, LIMIT_BYTES, async addresses => addresses.map(() => null));
  if (work === 'host')
    return { frame: (stream, frame) => void host.receive(stream, frame), settle: async () => undefined };
  const pages = new Map(
    host.descriptions.map(description => {
      const page = new EventStream(description, LIMIT_BYTES, new Map());
      if (work === 'filter') page.filter(compileFilter(filter, page.reader.columns));
      return [description.stream, page];
    }),
  );
  const drawn = (): boolean => {
    let more = false;
    for (const page of pages.values()) more = draw(page) || more;
    return more;
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    frame(stream, frame) {
      for (const message of host.receive(stream, frame).messages) {
        const page = pages.get(stream.name);
        if (message.type === 'span') page?.push(message.bytes, message.lost, message.atMs);
        else if (message.type === 'evicted') page?.store.evict(message.records);
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        drawn();
      }, SCREEN_FRAME_MS);
    },
    async settle() {
      clearTimeout(timer);
      while (drawn()) await new Promise(resolve => setImmediate(resolve));
    },
  };
}

/** What a frame of the screen takes, without the DOM. True: the filter has not seen all rows yet. */
function draw(page: EventStream): boolean {
  const { more } = page.refresh();
  page.rate.series();
  const { reader } = page;
  for (let index = Math.max(0, page.length - ROWS_IN_VIEW); index < page.length; index++) {
    const found = page.store.row(page.rowAt(index));
    if (found?.kind !== 'record') continue;
    const { view, offset, length } = found;
    for (const field of reader.columns) reader.shown(reader.value(view, offset, length, field), field);
  }
  return more;
}

function printer(work: 'text' | 'json', streams: readonly SessionStream[]): Consumer {
  const unexpected = () => Promise.reject(new Error('these records have no addresses'));
  const output = work === 'json' ? jsonOutput() : textOutput(streams.map(({ name }) => name));
  const events = new EventPrinter(output, { frames: unexpected, kernelNames: unexpected });
  return { frame: (stream, frame) => events.frame(stream, frame), settle: () => events.end() };
}
