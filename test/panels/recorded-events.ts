/** A recorded stream of disk requests: ring buffer spans in the very layout clang gave the record. */
import type { Field, RecordLayout } from '../../src/shared/object/model';
import { readObject } from '../../src/shared/object/object';
import type { StreamDescription, ToWebview } from '../../src/shared/protocol/webview';
import { clangs, compileFixture } from '../unit/object/compile-fixture';
import { sequence, sessionMessage } from './recorded-histograms';

export interface DiskEvent {
  readonly ts: bigint;
  readonly dev: number;
  readonly op: number;
  readonly sector: bigint;
  readonly bytes: bigint;
  readonly latency: bigint;
  readonly error: number;
  readonly pid: number;
  readonly origin: bigint;
  readonly comm: string;
}

/** The stream's description, from an object compiled here and now. */
export function diskStream(): StreamDescription & { readonly record: RecordLayout } {
  const clang = clangs[0];
  if (!clang) throw new Error('no clang');
  const object = readObject(compileFixture(clang, 'disk-events'), 'disk_events');
  const view = object.maps.find(map => map.name === 'events')?.view;
  if (view?.kind !== 'events' || view.record === null) throw new Error('the fixture has no record type');
  return { stream: 'events', label: 'Disk requests', content: 'ring', record: view.record };
}

/** A session of the program that sends that stream alone. */
export function diskSession(stream: StreamDescription, program = 'disksnoop'): ToWebview {
  const message = sessionMessage(program);
  return message.type === 'session' ? { ...message, streams: [stream] } : message;
}

const COMMANDS = [
  'postgres',
  'dd',
  'kworker/u8:2',
  'jbd2/vda1-8',
  'rsync',
  'node',
  '<img src=x>',
  '=HYPERLINK("x")',
];

/** Event `index` of the recording; always the same. */
export function diskEvent(index: number, random: () => number): DiskEvent {
  const slow = random() < 0.04;
  return {
    ts: 1_000_000_000_000n + BigInt(index) * 41_000n,
    dev: (252 << 20) | (index % 7 === 0 ? 16 : 0),
    op: index % 3 === 0 ? 1 : index % 41 === 0 ? 2 : 0,
    sector: BigInt(index) * 8n + 2048n,
    bytes: BigInt(512 << Math.floor(random() * 9)),
    latency: BigInt(Math.round((slow ? 4_000_000 : 90_000) * (0.3 + random() * 1.9))),
    error: index % 211 === 7 ? -5 : 0,
    pid: 300 + Math.floor(random() * 40),
    origin: 0xffffffff81234560n + BigInt(index % 5) * 64n,
    comm: COMMANDS[Math.floor(random() * COMMANDS.length)] ?? '',
  };
}

/** Committed records as they lie in a ring buffer: u32 length, u32 page offset, data, padded to 8. */
export function ringSpan(layout: RecordLayout, events: readonly DiskEvent[]): ArrayBuffer {
  const step = (8 + layout.size + 7) & ~7;
  const view = new DataView(new ArrayBuffer(step * events.length));
  events.forEach((event, index) => {
    const at = index * step;
    view.setUint32(at, layout.size, true);
    for (const field of layout.fields) {
      const value = (event as unknown as Record<string, bigint | number | string | undefined>)[field.name];
      if (value !== undefined) write(view, at + 8 + field.offset, field, value);
    }
  });
  return view.buffer;
}

function write(view: DataView, at: number, field: Field, value: bigint | number | string): void {
  if (typeof value === 'string')
    new Uint8Array(view.buffer, at, field.size).set(
      new TextEncoder().encode(value).subarray(0, field.size - 1),
    );
  else if (field.size === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
  else view.setInt32(at, Number(value), true);
}

/** `count` events from `first` on, in spans of at most `perSpan`. */
export function recordSpans(
  layout: RecordLayout,
  count: number,
  perSpan: number,
): { readonly bytes: ArrayBuffer; readonly events: readonly DiskEvent[] }[] {
  const random = sequence(7);
  const spans = [];
  for (let first = 0; first < count; first += perSpan) {
    const events = Array.from({ length: Math.min(perSpan, count - first) }, (_, index) =>
      diskEvent(first + index, random),
    );
    spans.push({ bytes: ringSpan(layout, events), events });
  }
  return spans;
}
