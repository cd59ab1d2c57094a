/** What the product does with the records of a stream, as functions of its frames: the benchmark measures these and nothing else. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { EventPrinter } from '../../src/cli/print/event-printer';
import { jsonOutput } from '../../src/cli/print/run-json';
import { textOutput } from '../../src/cli/print/run-text';
import { EventStreams } from '../../src/host/sessions/event-streams';
import type { SessionStream } from '../../src/session/tracing/tracing-session';
import type { DataFrame } from '../../src/shared/protocol/frames';
import type { FromPage, PageData, ToPage } from './page';

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
/** src/host/panels/panel-provider.ts */
const IN_FLIGHT_LIMIT_BYTES = 16 << 20;

export function consumer(work: Work, streams: readonly SessionStream[], filter = ''): Consumer {
  if (work === 'text' || work === 'json') return printer(work, streams);
  const host = new EventStreams('bench', streams, LIMIT_BYTES, async addresses => addresses.map(() => null));
  if (work === 'host')
    return { frame: (stream, frame) => void host.receive(stream, frame), settle: async () => undefined };
  return withPage(host, work === 'filter' ? filter : '');
}

/** As a PanelProvider passes a session's messages on: what a page that is behind misses, it gets anew later. */
function withPage(host: EventStreams, filter: string): Consumer {
  const data: PageData = { descriptions: host.descriptions, filter, limitBytes: LIMIT_BYTES };
  // Bundled beside the folder of the program that runs.
  const file = path.resolve(path.dirname(process.argv[1] ?? ''), '../page.js');
  const worker = new Worker(file, { workerData: data });
  let inFlightBytes = 0;
  let isBehind = false;
  let settled: () => void = () => undefined;
  const post = (message: ToPage): void => {
    if (message.type === 'span') inFlightBytes += message.bytes.byteLength;
    worker.postMessage(message);
  };
  const postAnew = (): void => {
    isBehind = false;
    post({ type: 'anew' });
    for (const message of host.hydration()) post(message);
  };
  worker.on('message', (message: FromPage) => {
    if (message.type === 'settled') {
      settled();
      return;
    }
    inFlightBytes -= message.bytes;
    if (isBehind && inFlightBytes === 0) postAnew();
  });
  return {
    frame(stream, frame) {
      for (const message of host.receive(stream, frame).messages) {
        isBehind ||= inFlightBytes > IN_FLIGHT_LIMIT_BYTES;
        if (!isBehind) post(message);
      }
    },
    async settle() {
      do {
        await new Promise<void>(resolve => {
          settled = resolve;
          post({ type: 'settle' });
        });
      } while (isBehind || inFlightBytes > 0);
    },
  };
}

function printer(work: 'text' | 'json', streams: readonly SessionStream[]): Consumer {
  const unexpected = () => Promise.reject(new Error('these records have no addresses'));
  const output = work === 'json' ? jsonOutput() : textOutput(streams.map(({ name }) => name));
  const events = new EventPrinter(output, { frames: unexpected, kernelNames: unexpected });
  return { frame: (stream, frame) => events.frame(stream, frame), settle: () => events.end() };
}
