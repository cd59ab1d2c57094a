import { jsonRecord } from '../../shared/decode/json-value';
import type { MapEntry } from '../../shared/decode/model';
import type { MapDefinition, RecordLayout } from '../../shared/object/model';
import { isSingleValue } from '../../shared/object/record-layout';
import { printJson } from './json';
import { JsonRecords } from './json-records';
import type { RunOutput } from './run-output';
import { printBytes } from './terminal';

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
    event: (stream, layout, data, names) =>
      printJson({
        type: 'event',
        stream,
        data: { ...jsonRecord(data, layout), ...Object.fromEntries(names) },
      }),
    records: (stream, layout, view, index, event) => {
      const writer = writerOf(stream, layout);
      if (writer) writer.records(view, index, event);
      else for (let record = 0; record < index.count; record++) event(record);
    },
    printk: line => printJson({ type: 'printk', line }),
    histogram: ({ map, kind, unit, key, buckets, slots, sum }, keyLayout) =>
      printJson({
        type: 'hist',
        map,
        kind,
        unit,
        key: key && jsonRecord(key, keyLayout),
        buckets,
        ...(slots && { slots: slots.convention, slotsAssumed: slots.assumed }),
        ...(sum === undefined ? {} : { sum }),
      }),
    map: (map, entries) => printJson({ type: 'map', map: map.name, entries: entries.map(jsonEntryOf(map)) }),
    stacks: (map, stacks, lost = []) =>
      printJson({
        type: 'stacks',
        map: map.name,
        stacks: stacks.map(stack => ({ frames: stack.frames, ...jsonEntryOf(map)(stack) })),
        ...(lost.length > 0 && { lost }),
      }),
    globals: globals =>
      printJson({
        type: 'globals',
        values: Object.fromEntries(
          globals.map(({ global, value }) => {
            const json = jsonRecord(value, global.layout);
            return [global.name, isSingleValue(global.layout) ? json.value : json];
          }),
        ),
      }),
    // The format of docs/cli.md still has the process's former name.
    drops: ({ kernel, tracer, client }) => printJson({ type: 'drops', kernel, helper: tracer, client }),
    end: (reason, commandExit) =>
      printJson(commandExit === null ? { type: 'end', reason } : { type: 'end', reason, commandExit }),
  };
}

function jsonEntryOf({ view }: MapDefinition) {
  const layouts = view.kind === 'table' ? view : { key: null, value: null };
  return ({ key, value }: Pick<MapEntry, 'key' | 'value'>) => ({
    key: jsonRecord(key, layouts.key),
    value: jsonRecord(value, layouts.value),
  });
}
