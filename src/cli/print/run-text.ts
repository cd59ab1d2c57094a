import { formatValue, isZero } from '../../shared/decode/format';
import { isScalar } from '../../shared/decode/meaning-class';
import type { RecordValue } from '../../shared/decode/model';
import { inlineAddresses } from '../../shared/decode/stacks';
import type { Field, RecordLayout } from '../../shared/object/model';
import { isSingleValue } from '../../shared/object/record-layout';
import { stackSpace } from '../../shared/object/stack-tables';
import { foldedFrame } from '../../shared/text/escape';
import { histogramRows } from './bars';
import type { AddressNames, RunOutput } from './run-output';
import { tableRows } from './table';
import { print, tell } from './terminal';

/**
 * Human-readable output: an aligned line per event, bars for histograms, folded lines for stacks. `streams` are the names
 * of the program's event streams: with several, each line begins with its stream's name.
 */
export function textOutput(streams: readonly string[]): RunOutput {
  /** Of streams whose column names are printed. */
  const heads = new Map<string, Columns>();
  const streamWidth = Math.max(0, ...streams.map(name => name.length));
  const line = (stream: string, cells: readonly string[]): string =>
    (streams.length > 1 ? [stream.padEnd(streamWidth), ...cells] : cells).join('  ').trimEnd();
  return {
    attached: programs => tell(`attached ${programs.map(program => program.attach).join(', ')}`),
    event: (stream, layout, data, names) => {
      if (!layout) {
        const bytes = Object.values(data).map(value => formatValue(value, OF_UNKNOWN_TYPE));
        print(line(stream, [bytes.join(' ')]));
        return;
      }
      let columns = heads.get(stream);
      if (!columns) {
        columns = columnsOf(layout);
        heads.set(stream, columns);
        print(
          line(
            stream,
            columns.cells.map(({ field, fill }) => fill(title(field))),
          ),
        );
      }
      const row = line(
        stream,
        columns.cells.map(({ field, fill }) => fill(text(field, data))),
      );
      if (columns.addressLists.length === 0) print(row);
      else print([row, ...addressLines(columns.addressLists, data, names)]);
    },
    printk: text => print(text),
    histogram: (histogram, keyLayout) => print(['', ...histogramRows(histogram, keyLayout)]),
    map: (map, entries) => {
      if (map.view.kind !== 'table') return;
      const keyFields = map.view.key.fields.filter(field => !field.hidden);
      const valueFields = map.view.value.fields.filter(field => !field.hidden);
      const rows = byFirstNumber(entries).map(entry => [
        ...keyFields.map(field => text(field, entry.key)),
        ...valueFields.map(field => text(field, entry.value)),
      ]);
      const head = [...keyFields, ...valueFields].map(title);
      print(['', `${map.label}:`, ...tableRows(head, rows)]);
    },
    stacks: (map, stacks) => {
      // The folded format of flame graph tools, with the command as the outermost frame.
      const counted = [...new Set(stacks.flatMap(stack => Object.keys(stack.value)))].join(', ');
      print([
        '',
        stacks.length === 0 ? `${map.label}: none` : `${map.label}, outermost frame first; ${counted}:`,
        ...byFirstNumber(stacks).map(({ frames, key, value }) => {
          const command = typeof key.comm === 'string' && key.comm !== '' ? [key.comm] : [];
          const path = [...command, ...frames].map(foldedFrame).join(';');
          return `${path} ${Object.values(value).map(String).join(' ')}`;
        }),
      ]);
    },
    globals: values => {
      const lines = values.flatMap(({ global, value }) =>
        global.layout.fields.flatMap(field => {
          const own = value[field.name];
          // Variables that were never written would bury those that were.
          if (field.hidden || own === undefined || isZero(own)) return [];
          const name = isSingleValue(global.layout) ? global.name : `${global.name}.${field.name}`;
          return [`${field.label === field.name ? name : field.label}: ${formatValue(own, field)}`];
        }),
      );
      if (lines.length > 0) print(['', ...lines]);
    },
    drops: drops => {
      const lost = drops.kernel + drops.tracer + drops.client;
      if (lost > 0) {
        tell(`lost ${lost} records (kernel ${drops.kernel}, tracer ${drops.tracer}, client ${drops.client})`);
      }
    },
    end: (reason, commandExit) => {
      const exit = commandExit ? `, the command exited with ${commandExit}` : '';
      tell(`detached (${reason}${exit})`);
    },
  };
}

const OF_UNKNOWN_TYPE = { meaning: 'plain', unit: '', valueNames: null, storage: 'bytes' } as const;

const INDENT = '    ';

/** Stacks and other address lists are printed below the row, one address per line. */
function isAddressList(field: Field): boolean {
  return field.storage === 'array' && stackSpace(field) !== null;
}

function addressLines(fields: readonly Field[], data: RecordValue, names: AddressNames): string[] {
  return fields.flatMap(field => {
    const lines = names.get(field.name) ?? inlineAddresses(data[field.name]).map(hexadecimal);
    const heading = fields.length > 1 && lines.length > 0 ? [`${INDENT}${field.label}:`] : [];
    return [...heading, ...lines.map(line => INDENT.repeat(fields.length > 1 ? 2 : 1) + line)];
  });
}

const hexadecimal = (address: bigint): string => `0x${address.toString(16)}`;

/** Column heading: values contain their unit; those of a clock are in seconds. */
function title(field: Field): string {
  return field.meaning === 'timestamp-ns' ? `${field.label} (s)` : field.label;
}

/** Sorted by the first number, largest first. */
function byFirstNumber<T extends { readonly value: RecordValue }>(entries: readonly T[]): T[] {
  const first = ({ value }: T): number => {
    const number = Object.values(value).find(each => typeof each === 'number' || typeof each === 'bigint');
    return number === undefined ? 0 : Number(number);
  };
  return [...entries].sort((a, b) => first(b) - first(a));
}

function text(field: Field, data: RecordValue): string {
  const value = data[field.name];
  return value === undefined ? '' : formatValue(value, field);
}

interface Columns {
  readonly cells: readonly { readonly field: Field; readonly fill: (content: string) => string }[];
  readonly addressLists: readonly Field[];
}

function columnsOf({ fields }: RecordLayout): Columns {
  const shown = fields.filter(field => !field.hidden);
  return {
    cells: shown
      .filter(field => !isAddressList(field))
      .map(field => {
        // The width of the type's usual values, so that lines printed one by one stay aligned. Values contain their unit.
        const width = Math.max(title(field).length, contentWidth(field));
        return { field, fill: isQuantity(field) ? text => text.padStart(width) : text => text.padEnd(width) };
      }),
    addressLists: shown.filter(isAddressList),
  };
}

function isQuantity(field: Field): boolean {
  return isScalar(field) && field.meaning !== 'enum';
}

function contentWidth(field: Field): number {
  if (field.meaning === 'enum')
    return Math.max(...Object.values(field.valueNames ?? {}).map(name => name.length));
  if (!isQuantity(field)) return Math.min(16, field.size);
  if (field.meaning === 'ipv4') return 15;
  // 47 bits of user address space, and "0x".
  if (field.meaning === 'usym') return 14;
  return Math.min(12, field.size * 2 + 2);
}
