/**
 * Records are lost in the program (its ring or perf buffer is full), in the kernel's perf buffer, in the tracer, and on
 * this side. Each is counted once, and the pages show it where it happened.
 */
import { describe, expect, it } from 'vitest';
import { EventStreams } from '../../../src/host/sessions/event-streams';
import { type DropCount, sumDrops } from '../../../src/session/tracing/drops';
import type { FrameLoss, SessionStream } from '../../../src/session/tracing/tracing-session';
import { DataContent } from '../../../src/shared/protocol/frames';
import type { ToWebview } from '../../../src/shared/protocol/webview';
import { EventStream } from '../../../webview/events/event-stream';
import { HistogramHistory } from '../../../webview/histogram/history';
import { plainField, ringSpanOf } from '../plain-field';

type Content = SessionStream['content'];
const counted = (...counts: [string | null, number][]): DropCount[] =>
  counts.map(([of, count]) => ({ of, count }));

/** Records as the tracer sends them from a perf buffer: u32 CPU, u32 size of the data, the value. */
function perfSpanOf(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 16));
  values.forEach((value, index) => {
    view.setUint32(index * 16 + 4, 8, true);
    view.setBigUint64(index * 16 + 8, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}

/** A session with one stream, and its Events page: from frames and counters to rows. */
class Traced {
  readonly streams: EventStreams;
  readonly page: EventStream;
  private readonly stream: SessionStream;
  private lostInFrames = 0;
  private counts: readonly DropCount[] = [];

  constructor(private readonly content: Content) {
    this.stream = { streamId: 0, name: 'events', map: null, content };
    this.streams = new EventStreams('s', [this.stream], 1 << 20, async addresses =>
      addresses.map(() => null),
    );
    this.page = this.newPage();
  }

  /** What the tracer sends: records, and how many it says are missing before them. */
  frame(values: readonly number[], lost = 0): void {
    this.lostInFrames += lost;
    const isRing = this.content === 'ring';
    const { messages } = this.streams.receive(this.stream, {
      sessionId: 1,
      streamId: 0,
      content: isRing ? DataContent.ringSpan : DataContent.perfRecords,
      records: values.length,
      lost,
      readAtNs: 0n,
      bytes: isRing ? ringSpanOf(values) : perfSpanOf(values),
    });
    this.show(messages, this.page);
  }

  /** What the program's own counters are now. */
  program(...counts: [string | null, number][]): void {
    this.counts = counted(...counts);
    this.show(this.streams.countDrops(this.counts), this.page);
  }

  get drops() {
    const frames: FrameLoss[] = [{ stream: 'events', content: this.content, lost: this.lostInFrames }];
    return sumDrops(this.counts, frames, 0);
  }

  /** Values in their order, a text where some are missing. */
  rows(page = this.page): (number | string)[] {
    const { reader, store } = page;
    const [field] = reader.columns;
    return Array.from({ length: page.length }, (_, index) => {
      const row = store.row(page.rowAt(index));
      if (row?.kind === 'lost') return `${row.lost} lost`;
      if (!row || !field) throw new Error('a row is not kept');
      return Number(reader.value(row.view, row.offset, row.length, field));
    });
  }

  /** The same page, loaded now. */
  reloaded(): (number | string)[] {
    const page = this.newPage();
    this.show(this.streams.hydration(), page);
    return this.rows(page);
  }

  private newPage(): EventStream {
    const record = { typeName: 'r', size: 8, fields: [plainField('value')] };
    return new EventStream(
      { stream: 'events', label: '', content: this.content, record },
      1 << 20,
      new Map(),
    );
  }

  private show(messages: readonly ToWebview[], page: EventStream): void {
    for (const message of messages)
      if (message.type === 'span') page.push(message.bytes, message.lost, message.atMs);
  }
}

const total = ({ kernel, tracer, client }: Traced['drops']): number => kernel + tracer + client;

describe('losses on the Events page', () => {
  it.each<[string, Content, (traced: Traced) => void, (number | string)[], Traced['drops']]>([
    [
      'in the program: its ring buffer was full',
      'ring',
      traced => {
        traced.frame([1, 2]);
        traced.program(['events', 4]);
        traced.frame([3]);
        traced.program(['events', 4]);
        traced.program(['events', 6]);
      },
      [1, 2, '4 lost', 3, '2 lost'],
      { kernel: 6, tracer: 0, client: 0 },
    ],
    [
      'in the tracer: what it could not pass on, beside what the program counts',
      'ring',
      traced => {
        traced.frame([1]);
        traced.frame([], 3);
        traced.frame([2]);
        traced.program(['events', 5]);
      },
      [1, '3 lost', 2, '5 lost'],
      { kernel: 5, tracer: 3, client: 0 },
    ],
    [
      'in a perf buffer that only the kernel tells of',
      'perf',
      traced => {
        traced.frame([1, 2]);
        traced.frame([3], 7);
      },
      [1, 2, '7 lost', 3],
      { kernel: 7, tracer: 0, client: 0 },
    ],
    [
      'in a perf buffer whose program counted them first',
      'perf',
      traced => {
        traced.frame([1]);
        traced.program(['events', 7]);
        traced.frame([2], 7);
        traced.frame([3], 2);
      },
      [1, '7 lost', 2, '2 lost', 3],
      { kernel: 9, tracer: 0, client: 0 },
    ],
    [
      'in a perf buffer whose program is asked later',
      'perf',
      traced => {
        traced.frame([1]);
        traced.frame([2], 7);
        traced.program([null, 7]);
        traced.program([null, 8]);
      },
      [1, '7 lost', 2, '1 lost'],
      { kernel: 8, tracer: 0, client: 0 },
    ],
  ])('%s', (_where, content, play, rows, drops) => {
    const traced = new Traced(content);
    play(traced);
    expect(traced.rows()).toEqual(rows);
    expect(traced.reloaded()).toEqual(rows);
    expect(traced.drops).toEqual(drops);
    // What the bar says is what the rows say together, and the line above them.
    expect(traced.page.store.lost).toBe(total(drops));
    expect(traced.page.rate.series().reduce((sum, { lost }) => sum + lost, 0)).toBe(total(drops));
  });

  it('pass every filter, and are not among the rows that a limit pushed out', () => {
    const traced = new Traced('ring');
    traced.frame([1, 2]);
    traced.program(['events', 4]);
    traced.frame([3]);
    traced.page.filter(value => Number(value(0)) === 3);
    traced.page.refresh();
    expect(traced.rows()).toEqual(['4 lost', 3]);
    traced.page.store.evict(2);
    expect(traced.page.store.lost).toBe(4);
  });
});

describe('losses of a whole session', () => {
  it('are those of every place, also where a counter is of no stream', () => {
    const frames: FrameLoss[] = [
      { stream: 'opens', content: 'ring', lost: 1 },
      { stream: 'closes', content: 'perf', lost: 20 },
      { stream: 'printk', content: 'printk', lost: 300 },
    ];
    // Of the 20 that the kernel tells of, the program counted 15 itself.
    const counts = counted(['opens', 4000], ['closes', 15], ['stacks', 50_000], [null, 600_000]);
    expect(sumDrops(counts, frames, 7_000_000)).toEqual({
      kernel: 4000 + 20 + 300 + 50_000 + 600_000,
      tracer: 1,
      client: 7_000_000,
    });
  });

  it('stand in the interval they happened in, whatever the place', () => {
    const history = new HistogramHistory();
    const places = [
      { kernel: 0, tracer: 0, client: 0 },
      { kernel: 5, tracer: 0, client: 0 },
      { kernel: 5, tracer: 2, client: 0 },
      { kernel: 5, tracer: 2, client: 0 },
      { kernel: 6, tracer: 2, client: 4 },
    ];
    places.forEach((drops, second) => {
      history.noteDrops(drops);
      history.push(second * 1000, []);
    });
    expect(history.timeline.map(({ lost }) => lost)).toEqual([0, 5, 2, 0, 5]);
    expect(history.lost).toBe(12);
  });
});
