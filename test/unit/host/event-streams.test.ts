import { describe, expect, it } from 'vitest';
import { EventStreams } from '../../../src/host/sessions/event-streams';
import type { DropCount } from '../../../src/session/tracing/drops';
import type { SessionStream } from '../../../src/session/tracing/tracing-session';
import { DataContent } from '../../../src/shared/protocol/frames';
import type { ToWebview } from '../../../src/shared/protocol/webview';
import { ringSpanOf } from '../plain-field';

const stream = (name: string): SessionStream => ({ streamId: 0, name, map: null, content: 'ring' });
const streams = (...names: string[]) =>
  new EventStreams('s', names.map(stream), 1 << 20, async addresses => addresses.map(() => null));
/** What of each message says where records are missing: the stream, how many records it has and how many were lost before. */
const told = (messages: readonly ToWebview[]) =>
  messages.flatMap(message =>
    message.type === 'span' ? [[message.stream, message.bytes.byteLength / 16, message.lost]] : [],
  );
const counted = (...counts: [string | null, number][]): DropCount[] =>
  counts.map(([of, count]) => ({ of, count }));

describe('losses a program counts itself', () => {
  it('are a mark in the stream they are of, with what came since they were read last', () => {
    const session = streams('opens', 'closes');
    expect(told(session.countDrops(counted(['closes', 4])))).toEqual([['closes', 0, 4]]);
    expect(told(session.countDrops(counted(['closes', 4])))).toEqual([]);
    expect(told(session.countDrops(counted(['closes', 9], ['opens', 1])))).toEqual([
      ['closes', 0, 5],
      ['opens', 0, 1],
    ]);
  });

  it('of several counters are one mark', () => {
    const session = streams('events');
    expect(told(session.countDrops(counted(['events', 2], ['events', 3])))).toEqual([['events', 0, 5]]);
    expect(told(session.countDrops(counted(['events', 2], ['events', 4])))).toEqual([['events', 0, 1]]);
  });

  it('belong to the only stream unless the program names one, and to none of several', () => {
    expect(told(streams('events').countDrops(counted([null, 3])))).toEqual([['events', 0, 3]]);
    expect(streams('opens', 'closes').countDrops(counted([null, 3]))).toEqual([]);
    expect(streams('events').countDrops(counted(['stacks', 3]))).toEqual([]);
  });

  it('stand between the records before and after them, on a page that loads later, too', () => {
    const session = streams('events');
    const receive = (values: number[]) =>
      session.receive(stream('events'), {
        sessionId: 1,
        streamId: 0,
        content: DataContent.ringSpan,
        records: values.length,
        lost: 0,
        readAtNs: 0n,
        bytes: ringSpanOf(values),
      });
    receive([1, 2]);
    session.countDrops(counted(['events', 7]));
    receive([3]);
    const hydration = session.hydration();
    expect(told(hydration)).toEqual([
      ['events', 2, 0],
      ['events', 1, 7],
    ]);
    expect(hydration.at(-1)).toEqual({ type: 'hydrated', sessionId: 's' });
  });
});
