import { isSingleValue } from '../../shared/decode/globals';
import type { RecordLayout } from '../../shared/object/model';
import type { RunOutput } from '../run-output';
import { printBytes } from '../terminal';
import { printJson } from './json';
import { JsonRecords } from './json-records';

/** docs/cli.md: one object per line. */
export function jsonOutput(): RunOutput {
  const writers = new Map<string, JsonRecords | null>();
  const writerOf = (stream: string, layout: RecordLayout): JsonRecords | null => {
    let writer = writers.get(stream);
    if (writer === undefined) {
      writer = JsonRecords.of(stream, layout, printBytes);
      writers.set(stream, writer);
    }
    return writer;
  };
  return {
    attached: (programs, startupMs, leftOut) =>
      printJson({
        type: 'attached',
        programs: programs.map(({ name, section, attach }) => ({ name, section, attach })),
        startupMs,
        ...(leftOut.length > 0
          ? {
              leftOut: leftOut.map(({ program, section, because, why, unfilled }) => ({
                name: program,
                section,
                because,
                why,
                unfilled,
              })),
            }
          : {}),
      }),
    event: (stream, _layout, data, names) =>
      printJson({ type: 'event', stream, data: { ...data, ...Object.fromEntries(names) } }),
    records: (stream, layout, view, index, event) => {
      const writer = writerOf(stream, layout);
      if (writer) writer.records(view, index, event);
      else for (let record = 0; record < index.count; record++) event(record);
    },
    printk: line => printJson({ type: 'printk', line }),
    histogram: ({ map, kind, unit, key, buckets }) =>
      printJson({ type: 'hist', map, kind, unit, key, buckets }),
    map: (map, entries) => printJson({ type: 'map', map: map.name, entries }),
    stacks: (map, stacks) => printJson({ type: 'stacks', map: map.name, stacks }),
    globals: globals =>
      printJson({
        type: 'globals',
        values: Object.fromEntries(
          globals.map(({ global, value }) => [global.name, isSingleValue(global) ? value.value : value]),
        ),
      }),
    // The format of docs/cli.md still has the process's former name.
    drops: ({ kernel, tracer, client }) => printJson({ type: 'drops', kernel, helper: tracer, client }),
    end: (reason, commandExit) =>
      printJson(commandExit === null ? { type: 'end', reason } : { type: 'end', reason, commandExit }),
  };
}
