import { escapeText, formatValue } from '../../shared/decode/format';
import { inlineAddresses, stackSpace } from '../../shared/decode/stack-tables';
import type { Field } from '../../shared/object/model';
import type { AddressNames, RunOutput } from '../run-output';
import { histogramRows } from './bars';
import { tableRows } from './table';

/** Text for people: an aligned line per event, bars for histograms, folded lines for stacks. */
export function textOutput(): RunOutput {
  const heads = new Set<string>();
  const print = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`);
  return {
    attached: programs =>
      process.stderr.write(`attached ${programs.map(program => program.attach).join(', ')}\n`),
    event: (stream, layout, data, names) => {
      if (!layout) {
        print([
          Object.values(data)
            .map(value => formatValue(value, OF_UNKNOWN_TYPE))
            .join(' '),
        ]);
        return;
      }
      const shown = layout.fields.filter(field => !field.hidden);
      const fields = shown.filter(field => !isAddressList(field));
      if (!heads.has(stream)) {
        heads.add(stream);
        print([fields.map(field => cell(field, title(field))).join('  ')]);
      }
      print([
        fields
          .map(field => cell(field, text(field, data)))
          .join('  ')
          .trimEnd(),
        ...addressLines(shown.filter(isAddressList), data, names),
      ]);
    },
    printk: line => print([line]),
    histogram: histogram => print(['', ...histogramRows(histogram)]),
    map: (map, entries) => {
      if (map.view.kind !== 'table') return;
      const keyFields = map.view.key.fields.filter(field => !field.hidden);
      const valueFields = map.view.value.fields.filter(field => !field.hidden);
      const rows = entries.map(entry => [
        ...keyFields.map(field => text(field, entry.key)),
        ...valueFields.map(field => text(field, entry.value)),
      ]);
      print(['', `${map.label}:`, ...tableRows([...keyFields, ...valueFields].map(title), rows)]);
    },
    stacks: (_map, stacks) =>
      print(
        stacks.map(stack => `${stack.frames.join(';')} ${Object.values(stack.value).map(String).join(' ')}`),
      ),
    drops: drops => {
      const lost = drops.kernel + drops.helper + drops.client;
      if (lost > 0) {
        process.stderr.write(
          `lost ${lost} records (kernel ${drops.kernel}, helper ${drops.helper}, client ${drops.client})\n`,
        );
      }
    },
    end: (reason, commandExit) => {
      const exit = commandExit ? `, the command exited with ${commandExit}` : '';
      process.stderr.write(`detached (${reason}${exit})\n`);
    },
  };
}

const OF_UNKNOWN_TYPE = { meaning: 'plain', unit: '', valueNames: null, storage: 'bytes' } as const;

const INDENT = '    ';

/** Stacks and their like: under the row, a line each. */
function isAddressList(field: Field): boolean {
  return field.storage === 'array' && stackSpace(field) !== null;
}

function addressLines(fields: readonly Field[], data: RecordValues, names: AddressNames): string[] {
  return fields.flatMap(field => {
    const lines =
      names.get(field.name)?.map(escapeText) ?? inlineAddresses(data[field.name]).map(hexadecimal);
    const heading = fields.length > 1 && lines.length > 0 ? [`${INDENT}${field.label}:`] : [];
    return [...heading, ...lines.map(line => INDENT.repeat(fields.length > 1 ? 2 : 1) + line)];
  });
}

const hexadecimal = (address: bigint): string => `0x${address.toString(16)}`;

/** Values carry their unit; a clock's are printed in seconds. */
function title(field: Field): string {
  return field.meaning === 'timestamp-ns' ? `${field.label} (s)` : field.label;
}

function text(field: Field, data: RecordValues): string {
  const value = data[field.name];
  return value === undefined ? '' : formatValue(value, field);
}
type RecordValues = Readonly<Record<string, Parameters<typeof formatValue>[0]>>;

/** Widths that fit the type's widest value, so that lines printed one by one stay aligned. */
function cell(field: Field, content: string): string {
  const numeric = field.storage !== 'text' && field.storage !== 'bytes' && field.storage !== 'array';
  const width = Math.max(
    title(field).length,
    numeric ? Math.min(12, field.size * 2 + 2) : Math.min(16, field.size),
  );
  return numeric ? content.padStart(width) : content.padEnd(width);
}
