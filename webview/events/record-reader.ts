/** Columns of a stream and their values, for every kind of stream: typed records, bytes, or printk lines. */
import { decodeExactText } from '../../src/shared/bytes/utf8';
import { decodeField } from '../../src/shared/decode/field';
import { formatValue } from '../../src/shared/decode/format';
import {
  formatKernelAddresses,
  type KernelNames,
  kernelAddressFields,
  kernelAddressTexts,
} from '../../src/shared/decode/kernel-addresses';
import type { FieldValue } from '../../src/shared/decode/model';
import { indexPerfRecords } from '../../src/shared/decode/perf-records';
import { indexRingSpan } from '../../src/shared/decode/ring-span';
import type { Field } from '../../src/shared/object/model';
import type { StreamDescription } from '../../src/shared/protocol/webview';
import { plainField } from '../common/fields';
import type { Records } from './record-store';

export interface RecordReader {
  /** Columns shown. The other functions take their index. */
  readonly columns: readonly Field[];
  /** Every field, including hidden ones, for the detail pane. */
  readonly fields: readonly Field[];
  readonly index: (bytes: Uint8Array) => Records;
  value(view: DataView, offset: number, length: number, field: Field): FieldValue;
  /** The text of one value with control characters escaped. Kernel addresses by name if it is known. */
  shown(value: FieldValue, field: Field): string;
  /** Names of kernel addresses, innermost frame first; null for other fields. Names may arrive after the addresses. */
  addressNames(value: FieldValue, field: Field): readonly string[] | null;
}

/** For a stream without kernel addresses. */
const plainText = { shown: formatValue, addressNames: () => null };

/** `names` may grow later. */
export function createReader(stream: StreamDescription, names: KernelNames): RecordReader {
  if (stream.content === 'printk') return printkReader();
  const index = stream.content === 'ring' ? indexRingSpan : indexPerfRecords;
  const { record } = stream;
  if (record === null || record.fields.length === 0) {
    const size = plainField('size', 'Size', { storage: 'u32', meaning: 'bytes', size: 4 });
    const bytes = plainField('bytes', 'Bytes', { storage: 'bytes', meaning: 'hexdump' });
    return {
      columns: [size, bytes],
      fields: [size, bytes],
      index,
      ...plainText,
      value: (view, offset, length, field) =>
        field === size
          ? length
          : new Uint8Array(view.buffer.slice(view.byteOffset + offset, view.byteOffset + offset + length)),
    };
  }
  const addresses = new Set(kernelAddressFields(record));
  return {
    columns: record.fields.filter(field => !field.hidden),
    fields: record.fields,
    index,
    shown: (value, field) =>
      addresses.has(field) ? formatKernelAddresses(record, field, value, names) : formatValue(value, field),
    addressNames: (value, field) =>
      addresses.has(field) ? kernelAddressTexts(record, field, value, names) : null,
    value: (view, offset, length, field) => decodeField(view, offset, field, offset + length),
  };
}

/** Newline-separated lines; the last one may lack its newline. */
export function indexLines(bytes: Uint8Array): Records {
  const offsets: number[] = [];
  const lengths: number[] = [];
  let start = 0;
  for (let at = 0; at <= bytes.byteLength; at++) {
    if (at < bytes.byteLength && bytes[at] !== 0x0a) continue;
    if (at > start) {
      offsets.push(start);
      lengths.push(at - start);
    }
    start = at + 1;
  }
  return { count: offsets.length, offsets, lengths };
}

/** "            task-1234    [001] d..31  12.345678: bpf_trace_printk: message": kernel/trace/trace_output.c. */
const TRACE_LINE = /^\s*(.+)-(\d+)\s+(?:\(.{7}\)\s+)?\[(\d+)\]\s+\S+\s+(\d+\.\d+):\s+\S+:\s?(.*)$/;

function printkReader(): RecordReader {
  const task = plainField('task', 'Task', { storage: 'text', meaning: 'comm' });
  const pid = plainField('pid', 'PID', { storage: 'u32', meaning: 'pid' });
  const cpu = plainField('cpu', 'CPU', { storage: 'u32', meaning: 'cpu' });
  const time = plainField('time', 'Time', { storage: 'text', meaning: 'text', help: 'Seconds since boot' });
  const message = plainField('message', 'Message', { storage: 'text', meaning: 'text' });
  const fields = [task, pid, cpu, time, message];
  return {
    columns: fields,
    fields,
    index: indexLines,
    ...plainText,
    value: (view, offset, length, field) => {
      const line = decodeExactText(new Uint8Array(view.buffer, view.byteOffset + offset, length));
      const found = TRACE_LINE.exec(line);
      // A line in another format is shown as message only: nothing is hidden.
      if (!found) return field === message ? line : field === pid || field === cpu ? 0 : '';
      const part = found[fields.indexOf(field) + 1] ?? '';
      return field === pid || field === cpu ? Number(part) : part;
    },
  };
}
