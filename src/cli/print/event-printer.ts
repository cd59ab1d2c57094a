/** Prints the records of a session's streams; those with kernel or user addresses wait until these are symbolized. */
import type { Symbolizer } from '../../session/symbols/symbolizer';
import type { SessionStream } from '../../session/tracing/tracing-session';
import { decodeExactText } from '../../shared/bytes/utf8';
import { decodeRecord, recordFits } from '../../shared/decode/field';
import type { FieldValue } from '../../shared/decode/model';
import { actorField, withoutProcesses } from '../../shared/decode/own-records';
import { indexPerfRecords } from '../../shared/decode/perf-records';
import { indexRingSpan } from '../../shared/decode/ring-span';
import { inlineAddresses } from '../../shared/decode/stacks';
import type { Field, RecordLayout } from '../../shared/object/model';
import { addressArrays, stackSpace } from '../../shared/object/stack-tables';
import type { DataFrame } from '../../shared/protocol/frames';
import type { AddressNames, RunOutput } from './run-output';
import { printTogether } from './terminal';

type RecordValues = Readonly<Record<string, FieldValue>>;

export class EventPrinter {
  /** Resolves when the records queued so far are symbolized and printed, in order. */
  private naming: Promise<void> = Promise.resolve();
  private waiting = 0;
  private ended = false;
  /** Records not printed because too many were waiting for symbols. */
  lost = 0;
  private failure: unknown = null;
  private readonly addressFields = new WeakMap<RecordLayout, readonly Field[]>();

  constructor(
    private readonly output: RunOutput,
    private readonly symbolizer: Pick<Symbolizer, 'frames' | 'kernelNames'>,
    /** Processes whose events are left out: those that trace. */
    private readonly ownPids: ReadonlySet<number> = new Set(),
  ) {}

  /** Prints the records of one frame, or queues them until their addresses are symbolized. */
  frame(stream: SessionStream, frame: DataFrame): void {
    if (this.ended) return;
    printTogether(() => (stream.content === 'printk' ? this.lines(frame) : this.records(stream, frame)));
  }

  private lines({ bytes }: DataFrame): void {
    for (const line of decodeExactText(bytes).split('\n')) if (line !== '') this.output.printk(line);
  }

  private records(stream: SessionStream, frame: DataFrame): void {
    const layout = stream.map?.view.kind === 'events' ? stream.map.view.record : null;
    const fields = layout ? this.fieldsWithAddresses(layout) : [];
    const all = stream.content === 'ring' ? indexRingSpan(frame.bytes) : indexPerfRecords(frame.bytes);
    const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
    const actor = layout && this.ownPids.size > 0 ? actorField(layout) : null;
    const index = actor ? withoutProcesses(all, view, actor, this.ownPids) : all;
    const event = (record: number): void => {
      const data = recordData(view, index.offsets[record] ?? 0, index.lengths[record] ?? 0, layout);
      if (layout && fields.some(field => field.name in data))
        this.printNamed(stream.name, layout, data, fields);
      else this.output.event(stream.name, layout, data, NO_NAMES);
    };
    if (layout && fields.length === 0 && this.output.records)
      this.output.records(stream.name, layout, view, index, event);
    else for (let record = 0; record < index.count; record++) event(record);
  }

  /**
   * Resolves when everything passed to `frame` before is printed; what comes after is not, so that `end` is the last line.
   * Throws the error that prevented symbolization.
   */
  async end(): Promise<void> {
    this.ended = true;
    await this.naming;
    if (this.failure) throw this.failure;
  }

  private printNamed(
    stream: string,
    layout: RecordLayout,
    data: RecordValues,
    fields: readonly Field[],
  ): void {
    if (this.waiting === WAITING_LIMIT) {
      this.lost++;
      return;
    }
    this.waiting++;
    this.naming = this.naming.then(async () => {
      const names = await this.names(layout, data, fields).catch((error: unknown) => {
        this.failure = error;
        return NO_NAMES;
      });
      this.waiting--;
      this.output.event(stream, layout, data, names);
    });
  }

  /** A single array of addresses is a stack, whose outer frames are return addresses; several (branch records) are exact addresses. */
  private async names(
    layout: RecordLayout,
    data: RecordValues,
    fields: readonly Field[],
  ): Promise<AddressNames> {
    const pidField =
      layout.fields.find(field => field.meaning === 'pid') ??
      layout.fields.find(field => field.meaning === 'tid');
    const pid = pidField ? Number(data[pidField.name]) : 0;
    const names = new Map<string, readonly string[]>();
    for (const field of fields) {
      const addresses = inlineAddresses(data[field.name]);
      const space = stackSpace(field) ?? 'kernel';
      names.set(
        field.name,
        fields.length > 1 && space === 'kernel'
          ? await this.symbolizer.kernelNames(addresses)
          : await this.symbolizer.frames(
              space,
              pid,
              addresses.map(address => ({ kind: 'address', address })),
            ),
      );
    }
    return names;
  }

  private fieldsWithAddresses(layout: RecordLayout): readonly Field[] {
    const known = this.addressFields.get(layout) ?? addressArrays(layout);
    this.addressFields.set(layout, known);
    return known;
  }
}

const NO_NAMES: AddressNames = new Map();
/** Symbolizing is slower than tracing: the queue is bounded, and records beyond it are counted as lost. */
const WAITING_LIMIT = 65_536;

function recordData(
  view: DataView,
  offset: number,
  length: number,
  layout: RecordLayout | null,
): Record<string, FieldValue> {
  // A record shorter than its type, or of unknown type, is shown as bytes.
  if (!layout || !recordFits(layout, length))
    return { bytes: new Uint8Array(view.buffer, view.byteOffset + offset, length).slice() };
  return decodeRecord(view, offset, layout, offset + length);
}
