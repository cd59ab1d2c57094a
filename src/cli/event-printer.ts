/** Records of a session's streams on their way to the output; those that hold kernel or user addresses wait for names. */
import type { Symbolizer } from '../session/symbols/symbolizer';
import type { SessionStream } from '../session/tracing/tracing-session';
import { decodeRecord, recordFits } from '../shared/decode/field';
import type { FieldValue } from '../shared/decode/model';
import { indexPerfRecords } from '../shared/decode/perf-records';
import { indexRingSpan } from '../shared/decode/ring-span';
import { inlineAddresses } from '../shared/decode/stacks';
import type { Field, RecordLayout } from '../shared/object/model';
import { addressArrays, stackSpace } from '../shared/object/stack-tables';
import type { DataFrame } from '../shared/protocol/frames';
import type { AddressNames, RunOutput } from './run-output';

type RecordValues = Readonly<Record<string, FieldValue>>;

export class EventPrinter {
  /** Records waiting for names, in their order. */
  private naming: Promise<void> = Promise.resolve();
  private waiting = 0;
  /** Records that were not printed because too many waited for names. */
  lost = 0;
  private failure: unknown = null;
  private readonly addressFields = new WeakMap<RecordLayout, readonly Field[]>();

  constructor(
    private readonly output: RunOutput,
    private readonly symbolizer: Symbolizer,
  ) {}

  /** Prints the records of one frame, or has them printed once they are named. */
  frame(stream: SessionStream, frame: DataFrame): void {
    if (stream.content === 'printk') {
      for (const line of new TextDecoder().decode(frame.bytes).split('\n'))
        if (line !== '') this.output.printk(line);
      return;
    }
    const layout = stream.map?.view.kind === 'events' ? stream.map.view.record : null;
    const index = stream.content === 'ring' ? indexRingSpan(frame.bytes) : indexPerfRecords(frame.bytes);
    const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
    for (let record = 0; record < index.count; record++) {
      const data = recordData(view, index.offsets[record] ?? 0, index.lengths[record] ?? 0, layout);
      const fields = layout ? this.fieldsWithAddresses(layout) : [];
      if (layout && fields.some(field => field.name in data))
        this.printNamed(stream.name, layout, data, fields);
      else this.output.event(stream.name, layout, data, NO_NAMES);
    }
  }

  /** Resolves when everything given to `frame` is printed. Throws what kept records from being named. */
  async flush(): Promise<void> {
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

  /** One array of addresses is a stack, whose outer frames hold return addresses; several (branches' ends) are places. */
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
/** Naming is slower than tracing: what waits is bounded, and what does not fit is counted. */
const WAITING_LIMIT = 65_536;

function recordData(
  view: DataView,
  offset: number,
  length: number,
  layout: RecordLayout | null,
): Record<string, FieldValue> {
  // A record shorter than its type (or of unknown type) is shown as bytes: nothing is made up.
  if (!layout || !recordFits(layout, length))
    return { bytes: new Uint8Array(view.buffer, view.byteOffset + offset, length).slice() };
  return decodeRecord(view, offset, layout, offset + length);
}
